import { ipcRenderer } from 'electron'

/* The one thing that the page gets: the port to the model. Its world has no Node and no Electron. */

/** The page's window. (The rest of these files is for Node.) */
const page = globalThis as unknown as {
  postMessage(message: string, origin: string, ports: readonly object[]): void
}

ipcRenderer.once('model', ({ ports }) => page.postMessage('model', '*', ports))
