import { peerInChild } from '../child.js'
import type { Peer, Setup } from '../contender.js'
import { settings } from './settings.js'

/** The library below our backend, with its own ways to draft and the binaries that it ships. */
export function nodeLlamaCpp(setup: Setup): Peer {
  return peerInChild('node-llama-cpp', new URL('child.ts', import.meta.url), settings, setup)
}
