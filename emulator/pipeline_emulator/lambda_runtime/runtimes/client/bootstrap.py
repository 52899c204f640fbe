"""Starts a function of Python, as the managed runtime's file of this name does. Runs with every Python since 3.10.

Modules are searched in the function's folder, in its layers, then in the folders of PYTHONPATH.
https://docs.aws.amazon.com/lambda/latest/dg/python-layers.html#python-layer-paths

Arguments: the handler, the folder of the layers, and the one of the runtime client and the SDK.
"""

import os
import sys


def main() -> None:
    """Set the search path and run the runtime client."""
    handler, layers, runtime = sys.argv[1:]
    packages = f"{layers}/python/lib/python{sys.version_info[0]}.{sys.version_info[1]}/site-packages"
    sys.path[:1] = [os.getcwd(), packages, f"{layers}/python"]
    if runtime not in sys.path:  # the function has a PYTHONPATH of its own
        sys.path.append(runtime)

    from awslambdaric.__main__ import main as run

    run([sys.argv[0], handler])


if __name__ == "__main__":
    main()
