import { join } from 'node:path'
import { app, BrowserWindow, MessageChannelMain, utilityProcess } from 'electron'

/* Electron's main process. It never loads a model itself: a pass would hold up every window, and a fault would end them. */

const models = join(app.getPath('userData'), 'models')

async function open(): Promise<void> {
  const window = new BrowserWindow({ webPreferences: { preload: join(import.meta.dirname, 'preload.js') } })
  const model = utilityProcess.fork(join(import.meta.dirname, 'model.js'), [
    join(models, 'target.gguf'),
    join(models, 'draft.gguf'),
  ])
  // The window and the model talk to each other without us in between.
  const { port1, port2 } = new MessageChannelMain()
  model.postMessage(null, [port1])
  await window.loadFile(join(import.meta.dirname, 'index.html'))
  window.webContents.postMessage('model', null, [port2])
  model.once('exit', (code) => {
    if (code !== 0) window.webContents.send('model-ended')
  })
}

void app.whenReady().then(open)
app.on('window-all-closed', () => app.quit())
