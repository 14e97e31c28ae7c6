/** The switch between light and dark. The system's choice holds until it is used. */
export function themeSwitch(button: HTMLButtonElement): void {
  const system = matchMedia('(prefers-color-scheme: dark)')
  const root = document.documentElement
  const isDark = (): boolean => (root.dataset.theme ? root.dataset.theme === 'dark' : system.matches)
  const show = (): void => {
    button.textContent = isDark() ? '☀ Light' : '☾ Dark'
    button.setAttribute('aria-label', isDark() ? 'Switch to the light theme' : 'Switch to the dark theme')
  }
  button.addEventListener('click', () => {
    root.dataset.theme = isDark() ? 'light' : 'dark'
    show()
    try {
      localStorage.setItem('foretoken-theme', root.dataset.theme)
    } catch {
      // Storage is switched off: the choice lasts as long as the page.
    }
  })
  system.addEventListener('change', show)
  show()
}
