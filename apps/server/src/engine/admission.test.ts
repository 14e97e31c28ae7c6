import { describe, expect, it } from 'vitest'
import { Admission } from './admission.js'

const settled = () => new Promise((resolve) => setTimeout(resolve, 0))

describe('Admission', () => {
  it('admits in the order of arrival, and hands a turn on', async () => {
    const admission = new Admission(1, 2)
    const order: string[] = []
    const leave = await admission.enter(undefined)
    const [second, third] = ['second', 'third'].map(async (name) => {
      const done = await admission.enter(undefined)
      order.push(name)
      return done
    })
    expect(admission).toMatchObject({ active: 1, waiting: 2 })
    leave()
    leave()
    const late = admission.enter(undefined)
    await settled()
    expect(order).toEqual(['second'])
    expect(admission).toMatchObject({ active: 1, waiting: 2 })
    ;(await second)!()
    ;(await third)!()
    await late
    expect(order).toEqual(['second', 'third'])
  })

  it('turns away what has no room to wait, and says when to come again', async () => {
    const admission = new Admission(1, 0)
    await admission.enter(undefined)
    await expect(admission.enter(undefined)).rejects.toMatchObject({ code: 'busy', retryAfter: 1 })
  })

  it('lets who waits go', async () => {
    const admission = new Admission(1, 5)
    const leave = await admission.enter(undefined)
    const gone = new AbortController()
    const waits = admission.enter(gone.signal)
    gone.abort(new Error('gone'))
    await expect(waits).rejects.toThrow('gone')
    expect(admission.waiting).toBe(0)
    leave()
    expect(admission.active).toBe(0)
  })

  it('drains: those who wait still have their turn, and nobody else', async () => {
    const admission = new Admission(1, 5)
    const leave = await admission.enter(undefined)
    const waits = admission.enter(undefined)
    let drained = false
    const end = admission.drain().then(() => (drained = true))
    const refusal: unknown = await admission.enter(undefined).catch((error: unknown) => error)
    expect(refusal).toMatchObject({ code: 'busy' })
    expect(refusal).not.toHaveProperty('retryAfter')
    leave()
    const last = await waits
    expect(drained).toBe(false)
    last()
    await end
    expect(drained).toBe(true)
  })
})
