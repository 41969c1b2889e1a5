/** Telling that memory ran out from every other failure: libraries say it in their own words, and only in words. */

/** onnxruntime on the CPU, its CUDA provider, Dawn (WebGPU), TensorFlow, V8, WebAssembly. */
const WORDS = [
  /bad_alloc/,
  /failed to allocate memory/i,
  /out[ _]of[ _](?:device[ _]|host[ _])?memory/i,
  /cuda_error_out_of_memory|cudnn_status_alloc_failed|cublas_status_alloc_failed/i,
  /OOM when allocating/,
  /device (?:was |is )?lost/i,
  /array buffer allocation failed/i,
  /could not allocate memory|unable to grow instance memory/i,
  /cannot enlarge memory|memory access out of bounds/i,
];

/** Whether an error, or what caused it, says that there was no memory for something. */
export function isOutOfMemory(error: unknown): boolean {
  for (let each = error; each instanceof Error; each = each.cause) {
    const { message } = each;
    if (WORDS.some((words) => words.test(message))) return true;
  }
  return false;
}
