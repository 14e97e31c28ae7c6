import { dirname } from 'node:path'
import type { InferenceSession } from 'onnxruntime-node'
import type { OpenRequest } from './messages.js'
import type { Provider } from './providers.js'

/** For CoreML: what it takes of a graph becomes an ML program, and what has no fixed size is left to the CPU. */
const coreMlFlags = 0x010 | 0x008

/** How a session on `provider` is to be opened. What a provider does not take, ONNX Runtime runs on the CPU. */
export function sessionOptions(
  provider: Provider,
  { file, threads }: Pick<OpenRequest, 'file' | 'threads'>,
): InferenceSession.SessionOptions {
  return {
    executionProviders: [provider === 'coreml' ? { name: 'coreml', coreMlFlags } : provider],
    intraOpNumThreads: threads,
    interOpNumThreads: 1,
    // What fails is thrown, too; nobody asked for it on the console.
    logSeverityLevel: 4,
    extra: {
      session: {
        // The graph comes from memory: its weights lie beside the file that it was read from.
        model_external_initializers_file_folder_path: dirname(file),
        // Threads that wait for the next operator turn in circles for about as long as it takes to wake one. Longer than that
        // takes the cores from whoever else wants them, the other model's threads among them.
        intra_op: { allow_spinning: '1', spin_duration_us: '20' },
        force_spinning_stop: '1',
      },
    },
  }
}
