import { memo } from '../../../parsers/collections/memo.ts'
import { cleanPath } from '../../../parsers/text/clean-path.ts'
import type { Place, Source } from '../../../parsers/text/source.ts'
import { placeOf, type WrittenText } from '../../../parsers/text/written-text.ts'
import { type NamedSystem, namedSystems, systemOfCommands } from './named-system.ts'
import { isScript, setupCommands } from './setup-commands.ts'

/** A home directory that a script makes together with its user, and that nobody else may enter. */
export interface ClosedHome {
  readonly path: string
  readonly user: string
  /** `0750`, `0700`. */
  readonly mode: string
  /** The system that makes it so: `Ubuntu`. */
  readonly by: string
  /** The command. */
  readonly at: Place
}

/** Every one that texts which set a machine up make on a system that is known. */
export const closedHomes = memo((texts: readonly Source[]): readonly ClosedHome[] => {
  const named = namedSystems(texts)
  return texts.flatMap(source => {
    if (!/\b(?:useradd|adduser)\b/.test(source.text)) return []
    if (!isScript(source) && !source.path.endsWith('Vagrantfile')) return []
    const commands = setupCommands(source)
    const own = systemOfCommands(commands)
    const systems = own === null ? named : [own]
    return commands.flatMap(({ words }) => {
      const made = madeUser(words)
      const modes = made === null ? [] : systems.map(system => closedBy(system, made))
      const [mode] = modes
      return made === null || mode == null || modes.includes(null)
        ? []
        : [{ path: made.home, user: made.user, ...mode, at: placeOf(words[0]!) }]
    })
  })
})

/** Options of `useradd` and `adduser` with a value. */
const WITH_VALUE =
  /^(?:-[bcdefgGksupAPRZ]|--(?:home|home-dir|shell|uid|gid|groups|comment|gecos|ingroup|base-dir|expiredate|inactive|skel|password|firstuid|lastuid|conf))$/
const SHORT_WITH_VALUE = /^-[a-zA-Z]*[bcdeguGskp]$/

interface MadeUser {
  readonly program: 'useradd' | 'adduser'
  readonly user: string
  readonly home: string
  /** True for `-m`, without which `useradd` of Debian makes no home. */
  readonly isAsked: boolean
}

/** Null for a user without a home of its own, and where a word of it is not known. */
function madeUser([word, ...args]: readonly WrittenText[]): MadeUser | null {
  const program = word?.text
  if (program !== 'useradd' && program !== 'adduser') return null
  const operands: string[] = []
  let home: string | null = null
  let isAsked = false
  for (let index = 0; index < args.length; index++) {
    const { text } = args[index]!
    if (/^-(?:[a-zA-Z]*[MKSHDNr]|-(?:no-create-home|system|key|group|root|prefix))/.test(text)) return null
    if (/^-[a-zA-Z]*m|^--create-home$/.test(text)) isAsked = true
    const [option = '', glued] = text.split(/=(.*)/s)
    if (WITH_VALUE.test(option) || SHORT_WITH_VALUE.test(text)) {
      const value = glued ?? args[++index]?.text ?? ''
      if (/^-[a-zA-Z]*d$|^--home(?:-dir)?$/.test(option)) home = value
      if (/^-[a-zA-Z]*b$|^--base-dir$/.test(option)) return null
    } else if (!text.startsWith('-')) operands.push(text)
  }
  const [user = '', ...others] = operands
  // `adduser www-data shop` makes nobody.
  if (others.length > 0 || !/^[a-z_][\w.-]*$/.test(user)) return null
  const path = home ?? `/home/${user}`
  return /^\/[\w./-]+$/.test(path) ? { program, user, home: cleanPath(path), isAsked } : null
}

/**
 * The mode of a home directory, where it is closed to others; null where it may be open.
 * @see https://discourse.ubuntu.com/t/private-home-directories-for-ubuntu-21-04-onwards/19533
 * @see https://manpages.debian.org/bookworm/adduser/adduser.conf.5.en.html
 */
function closedBy(
  system: NamedSystem | null,
  { program, isAsked }: MadeUser,
): Pick<ClosedHome, 'mode' | 'by'> | null {
  if (system === null) return null
  if (system.name === 'redhat') return { mode: '0700', by: 'the `useradd` of this system' }
  const release = system.release ?? 0
  if (program === 'useradd' && !isAsked) return null
  if (system.name === 'ubuntu') return release >= 21.04 ? { mode: '0750', by: 'Ubuntu since 21.04' } : null
  return release >= 12 && program === 'adduser'
    ? { mode: '0700', by: 'the `adduser` of Debian since 12' }
    : null
}
