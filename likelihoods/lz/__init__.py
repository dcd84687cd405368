"""LUX-ZEPLIN: solar neutrinos scattering on the electrons of xenon."""
