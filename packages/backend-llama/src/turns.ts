/**
 * Who may compute. The models of a process share its processor, and passes of two of them at once take many times as long
 * as one after the other: the threads of a pass spin while they wait for each other, and so keep each other's cores busy.
 */
export class Turns {
  private taken = false
  private readonly waiting: (() => void)[] = []

  /** Takes the turn, if nobody has it. */
  take(): boolean {
    if (this.taken) return false
    this.taken = true
    return true
  }

  /** `again` is called once when the turn is free: to try again, as another may be faster. */
  wait(again: () => void): void {
    this.waiting.push(again)
  }

  give(): void {
    this.taken = false
    for (const again of this.waiting.splice(0)) again()
  }
}

/** For passes that the CPU has a part in. */
export const cpuTurns: Turns = new Turns()
