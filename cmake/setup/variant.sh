#!/usr/bin/env bash
# Prints which libtorch this build takes: `cuda` where CUDA=1 says so or a GPU driver is loaded, else `cpu`.
case "${CUDA:-}" in
  1) echo cuda ;;
  0) echo cpu ;;
  "") if [ -e /proc/driver/nvidia/version ] || [ -e /dev/nvidiactl ]; then echo cuda; else echo cpu; fi ;;
  *) echo "CUDA='$CUDA': expected 1 (GPU libraries) or 0 (CPU only)" >&2; exit 64 ;;
esac
