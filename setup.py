from setuptools import find_packages, setup

package_dir = {
    "darkmoment": "src/darkmoment",
    "darkmoment.likelihoods": "likelihoods",
    "darkmoment.fits": "fits",
}
packages = [*package_dir]
for root, folder in package_dir.items():
    packages += [f"{root}.{name}" for name in find_packages(folder)]
setup(package_dir=package_dir, packages=packages)
