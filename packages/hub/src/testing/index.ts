export { ggufBytes, headBytes, type TestModel, words } from './gguf-file.js'
export { type Fault, gitSha1, type Repo, type Seen, sha256, startTestHub, type TestHub } from './hub-server.js'
