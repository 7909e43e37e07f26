# What the programs of a bundle need: Python's torch with its CUDA libraries, the bundle's own, and Open MPI where it lies. Sourced by run.sh with
# `bundle` set. REALFACE_LIBRARIES is for the programs alone (bundle.sh): Python has libraries of its own by the same names.
found=$(python3 -c 'import torch; print(torch.__version__.split("+")[0], (torch.version.cuda or "none").split(".")[0])') || { echo "gpu: python3 has no torch" >&2; exit 1; }
[ "$found" = "2.11.0 13" ] || { echo "gpu: python3 has torch and CUDA $found; this bundle was built against 2.11.0 and 13: pip install torch==2.11.0" >&2; exit 1; }
site=$(python3 -c 'import os, torch; print(os.path.dirname(os.path.dirname(torch.__file__)))')
export REALFACE_LIBRARIES="$site/torch/lib:$(find "$site/nvidia" -maxdepth 2 -name lib -type d 2>/dev/null | paste -sd :):$bundle/lib"
export PATH="$bundle/bin:$PATH" REALFACE_PROGRAM="$bundle/bin/realface"
export OPAL_PREFIX="$bundle" OPAL_LIBDIR="$bundle/lib" OPAL_PKGLIBDIR="$bundle/openmpi" OPAL_PKGDATADIR="$bundle/share/openmpi" OPAL_SYSCONFDIR="$bundle/share/openmpi"
export OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1 OMPI_MCA_btl_vader_single_copy_mechanism=none
