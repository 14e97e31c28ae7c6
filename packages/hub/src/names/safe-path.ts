/**
 * Whether `path`, which comes from elsewhere, names something within a folder, on every system: relative, with slashes,
 * and nowhere upwards.
 */
export function isSafePath(path: string): boolean {
  if (path === '' || /[\\\0]/.test(path)) return false
  return path.split('/').every((part) => part !== '' && part !== '.' && part !== '..' && !/^[A-Za-z]:/.test(part))
}
