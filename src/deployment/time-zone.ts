/** True for a name of the IANA database, which Node.js brings with it: `Europe/Berlin`. */
export function isTimeZone(name: string): boolean {
  try {
    new Intl.DateTimeFormat('en', { timeZone: name })
    return true
  } catch {
    // Two files of `/usr/share/zoneinfo` are no zones of their own.
    return name === 'localtime' || name === 'Factory'
  }
}
