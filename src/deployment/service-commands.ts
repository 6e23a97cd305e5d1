/** What a shell command does to services, where it does nothing else. */
export interface ServiceCommand {
  /** `stop`, `reload`, `restart`… */
  readonly action: string
  /** `nginx`, `apache2`: without `.service`. */
  readonly service: string
}

const CONTROL = /^(?:sudo\s+)?(?:\/\S*\/)?systemctl\s+(?:-\S+\s+)*([a-z-]+)\s+(?:-\S+\s+)*([\w@.\s-]+)$/
const SERVICE = /^(?:sudo\s+)?(?:\/\S*\/)?(?:service|invoke-rc\.d|rc-service)\s+([\w@.-]+)\s+([a-z-]+)$/
const SCRIPT = /^(?:sudo\s+)?(?:\/etc\/init\.d\/|\/etc\/rc\.d\/)([\w@.-]+)\s+([a-z-]+)$/
const SIGNAL = /^(?:sudo\s+)?(?:\/\S*\/)?(nginx)\s+-s\s+([a-z]+)$/
const APACHECTL = /^(?:sudo\s+)?(?:\/\S*\/)?apache(2?)ctl\s+(?:-k\s+)?([a-z-]+)$/

/** Reads commands joined by `&&`, `;` or `||`; null where one of them does something else, such as a script. */
export function serviceCommands(command: string): readonly ServiceCommand[] | null {
  const found: ServiceCommand[] = []
  for (const part of command.split(/&&|\|\||;/)) {
    const text = part.trim()
    if (text === '' || text === 'true') continue
    const control = CONTROL.exec(text)
    const named = SERVICE.exec(text) ?? SCRIPT.exec(text) ?? SIGNAL.exec(text)
    const apache = APACHECTL.exec(text)
    if (control !== null) {
      for (const service of control[2]!.trim().split(/\s+/))
        found.push({ action: control[1]!, service: service.replace(/\.service$/, '') })
    } else if (named !== null) found.push({ action: named[2]!, service: named[1]! })
    else if (apache !== null) found.push({ action: apache[2]!, service: 'apache2' })
    else return null
  }
  return found
}
