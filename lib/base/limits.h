// Every bound on what comes from outside, in one place.
#pragma once

#define MIB ((size_t)1 << 20)

#define LIMIT_IMAGE_BYTES (25 * MIB)     // an encoded photo
#define LIMIT_IMAGE_SIDE 8192            // pixels
#define LIMIT_IMAGE_PIXELS 32000000      // pixels in all
#define LIMIT_DECODE_CPU_SECONDS 10      // of the locked child
#define LIMIT_DECODE_MEMORY (1024 * MIB) // address space of the locked child
#define LIMIT_GLB_BYTES (64 * MIB)
#define LIMIT_GLB_VERTICES 1000000
#define LIMIT_GLB_TRIANGLES 2000000
#define LIMIT_GLB_NODES 10000
#define LIMIT_GLB_JSON (8 * MIB)
#define LIMIT_GLB_MEMORY (512 * MIB)                // of what is read from a file, unpacked
#define LIMIT_ARRAY_FILE_BYTES ((size_t)4096 * MIB) // npz, safetensors, checkpoints
#define LIMIT_NPZ_BYTES (512 * MIB)                 // all arrays of one npz, unpacked
#define LIMIT_ARRAYS 4096                           // tensors in one file
#define LIMIT_TFLITE_BYTES (256 * MIB)
#define LIMIT_CHECKPOINT_BYTES ((size_t)16384 * MIB) // a PyTorch checkpoint, which may carry its optimizer
#define LIMIT_ZIP_MEMBERS 65536
#define LIMIT_PICKLE_BYTES (1024 * MIB)    // SMPL with 300 shapes has 250 MB
#define LIMIT_PICKLE_MEMORY (256 * MIB)    // of its objects, the bytes of its arrays not counted
#define LIMIT_PICKLE_ELEMENTS (64 * MIB)   // of one array in it
#define LIMIT_TENSOR_ELEMENTS (1024 * MIB) // of a checkpoint
