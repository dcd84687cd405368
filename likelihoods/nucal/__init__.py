"""nu-CAL I: A' from proton bremsstrahlung behind a dump at Serpukhov."""
