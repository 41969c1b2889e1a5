/**
 * Keeps onnxruntime's telemetry silent: its published builds for Linux and macOS send what they run to Microsoft and leave a device's
 * identifier and logs behind, unless this is set before the library is loaded. Import it before `onnxruntime-node`. On Windows the system decides.
 */
process.env.ORT_DISABLE_TELEMETRY ??= '1';
