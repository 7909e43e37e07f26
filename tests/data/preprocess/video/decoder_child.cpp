// The program that tests start as their decoder, in the place of `realface decode`.

#include <unistd.h>

#include "data/preprocess/video/decoder.h"

int main() { realface::data::preprocess::serve_decoder(STDIN_FILENO); }
