import { fieldsOf, type Field } from './fields.js'
import { Message } from './message.js'

/**
 * A message with some of its fields changed. All others, unknown ones too, stay as they are, byte for byte and in place.
 *
 * @param change The new value of a field that holds a message; `undefined` leaves it alone.
 * @returns `undefined` when nothing was changed.
 */
export function splice(message: Uint8Array, change: (field: Field) => Message | undefined): Message | undefined {
  const result = new Message()
  let changed = false
  for (const field of fieldsOf(message)) {
    const value = change(field)
    if (value) result.message(field.number, value)
    else result.raw(field.raw)
    changed ||= value !== undefined
  }
  return changed ? result : undefined
}
