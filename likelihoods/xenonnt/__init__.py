"""XENONnT: solar neutrinos scattering on the electrons of xenon."""
