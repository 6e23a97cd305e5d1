import type { Source } from '../../../parsers/text/source.ts'
import type { FollowedCommand } from './followed-commands.ts'
import { isScript, setupCommands } from './setup-commands.ts'

const INSTALLS = /^(?:apt|apt-get|dnf|yum|apk|zypper|pacman)$/
const OF_ACCOUNTS =
  /^(?:useradd|adduser|usermod|groupadd|addgroup|gpasswd|a2en(?:site|mod|conf)|update-rc\.d)$/
const OF_FILES = /^(?:cp|mv|ln|install)$/

/**
 * The commands of a script or a table of cloud-init that surely runs as root: without sudo it does what root alone may.
 * Null for any other text.
 */
export function commandsOfRoot(source: Source): readonly FollowedCommand[] | null {
  const isCloudInit = source.text.startsWith('#cloud-config')
  if (!isCloudInit && !isScript(source) && !/(?:^|\/)Vagrantfile$/.test(source.path)) return null
  const commands = setupCommands(source)
  return isCloudInit || commands.some(needsRoot) ? commands : null
}

function needsRoot({ words, account }: FollowedCommand): boolean {
  if (account !== null) return false
  const [program = '', ...args] = words.map(({ text }) => text)
  const [verb = ''] = args.filter(text => !text.startsWith('-'))
  if (INSTALLS.test(program)) return /^(?:install|update|upgrade|add)$/.test(verb)
  if (program === 'systemctl')
    return /^(?:enable|restart|start|reload|daemon-reload)$/.test(verb) && !args.includes('--user')
  if (program === 'service') return args.length > 1
  return OF_ACCOUNTS.test(program) || (OF_FILES.test(program) && args.at(-1)?.startsWith('/etc/') === true)
}

/** True for a command that root runs, in a script of root. */
export function isRunByRoot({ account }: FollowedCommand): boolean {
  return account === null || account === 'root'
}
