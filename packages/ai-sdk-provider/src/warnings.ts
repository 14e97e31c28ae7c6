import type { SharedV3Warning } from '@ai-sdk/provider'

/** What a call asks for and does not get, each told once. */
export class Warnings {
  readonly list: SharedV3Warning[] = []

  unsupported(feature: string, details: string): void {
    if (this.list.some((warning) => warning.type === 'unsupported' && warning.feature === feature)) return
    this.list.push({ type: 'unsupported', feature, details })
  }
}
