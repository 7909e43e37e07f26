# realface on a machine that is not Debian 12: docker build -t realface . && docker run --rm -v "$PWD:/work" realface --help
FROM debian:12
ARG CUDA=0
RUN apt-get update && apt-get install -y --no-install-recommends ca-certificates git make
COPY . /opt/realface
WORKDIR /opt/realface
RUN make install CUDA=${CUDA}
# mpirun refuses root unless told, and in a container root is who runs it.
ENV OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1
WORKDIR /work
ENTRYPOINT ["realface"]
