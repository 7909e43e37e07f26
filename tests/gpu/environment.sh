# What the programs of a bundle need: Python's torch with its CUDA libraries, the bundle's own, and Open MPI where it lies. Sourced by run.sh with
# `bundle` set.
site=$(python3 -c 'import os, torch; print(os.path.dirname(os.path.dirname(torch.__file__)))') || { echo "gpu: python3 has no torch" >&2; exit 1; }
export LD_LIBRARY_PATH="$site/torch/lib:$(find "$site/nvidia" -maxdepth 2 -name lib -type d 2>/dev/null | paste -sd :):$bundle/lib${LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH}"
export PATH="$bundle/bin:$PATH" REALFACE_PROGRAM="$bundle/bin/realface"
export OPAL_PREFIX="$bundle" OPAL_BINDIR="$bundle/bin" OPAL_LIBDIR="$bundle/lib" OPAL_PKGLIBDIR="$bundle/openmpi" OPAL_DATADIR="$bundle/share" \
  OPAL_PKGDATADIR="$bundle/share/openmpi" OPAL_SYSCONFDIR="$bundle/share/openmpi"
export OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1 OMPI_MCA_btl_vader_single_copy_mechanism=none OMPI_MCA_plm_rsh_agent=false
