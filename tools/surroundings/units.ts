import { baseName, entriesOf, type Lay } from './files.ts'

/** Programs of supervisord in place of units, where it has a word for what these say. */
export const supervised: Lay = files => {
  const units = entriesOf(files).filter(([path]) => /^etc\/systemd\/system\/[^/]+\.service$/.test(path))
  if (units.length === 0 || Object.keys(files).some(path => /\.(?:socket|timer)$|\.service\.d\//.test(path)))
    return null
  const programs = units.map(([path, text]) => programOf(baseName(path).replace('.service', ''), text))
  if (programs.includes(null)) return null
  const rest = Object.entries(files).filter(([path]) => !units.some(([unit]) => unit === path))
  return Object.fromEntries([...rest, ...programs.filter(program => program !== null)])
}

const OF_SYSTEMD_ALONE = /EnvironmentFile|ExecStartPre|RuntimeDirectory|PrivateTmp|Socket/
const SERVER = /^\/usr\/(?:sbin\/(?:nginx|apache2|php-fpm)|lib\/postgres)/

function programOf(name: string, unit: string): readonly [path: string, text: string] | null {
  const setting = (key: string): string | undefined =>
    new RegExp(`^${key}=(.*(?:\\\\\\n.*)*)`, 'm').exec(unit)?.[1]?.replace(/\\\n\s*/g, ' ')
  const command = setting('ExecStart')
  if (command === undefined || SERVER.test(command) || OF_SYSTEMD_ALONE.test(unit)) return null
  const variables = [...unit.matchAll(/^Environment="?(\w+)=(.*?)"?$/gm)].map(
    ([, variable, value]) => `${variable}="${value}"`,
  )
  const settings = {
    command,
    directory: setting('WorkingDirectory'),
    user: setting('User'),
    environment: variables.length === 0 ? undefined : variables.join(','),
    autorestart: 'true',
  }
  const lines = Object.entries(settings).flatMap(([key, value]) =>
    value === undefined ? [] : [`${key}=${value}\n`],
  )
  return [`etc/supervisor/conf.d/${name}.conf`, `[program:${name}]\n${lines.join('')}`]
}
