import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'

/** What a replica may do that real ones do only now and then. */
export type Behaviour = (response: ServerResponse, request: IncomingMessage) => void

export interface StandIn {
  readonly url: string
  /** The bodies that it was sent. */
  readonly asked: string[]
  behaviour: Behaviour
  stop(): Promise<void>
}

/** In the place of a replica, so that what the balancer makes of it can be seen. */
export async function standIn(behaviour: Behaviour): Promise<StandIn> {
  const asked: string[] = []
  const server = createServer(async (request, response) => {
    let body = ''
    for await (const piece of request.setEncoding('utf8')) body += piece as string
    asked.push(body)
    self.behaviour(response, request)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const self: StandIn = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    asked,
    behaviour,
    async stop() {
      if (!server.listening) return
      server.closeAllConnections()
      server.close()
      await once(server, 'close')
    },
  }
  return self
}
