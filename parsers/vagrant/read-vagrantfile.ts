import type { Place, Source } from '../text/source.ts'

/** A directory of the host that a machine of Vagrant has. */
export interface SyncedFolder {
  /** The path on the machine. */
  readonly target: string
  readonly at: Place
}

/**
 * The directories that VirtualBox itself shares: by the type that is written, or as the provider’s own where none is.
 * None where another provider, another type or a plug-in may share them.
 *
 * @see https://developer.hashicorp.com/vagrant/docs/synced-folders/virtualbox
 */
export function virtualBoxFolders(source: Source): readonly SyncedFolder[] {
  const text = source.text.replace(/^[ \t]*#.*$/gm, line => ' '.repeat(line.length))
  const providers = [...text.matchAll(/\bprovider[ \t(]+[:"']([\w-]+)/g)].map(([, name]) => name)
  if (providers.length > 0 && !providers.includes('virtualbox')) return []
  if (/\b(?:nfs|rsync|smb|9p|virtiofs|sshfs|bindfs|mutagen|unison|vbguest)\b/i.test(text)) return []
  const boxes = [...text.matchAll(/\.box[ \t]*=[ \t]*(?:["']([\w./-]+)["'])?/g)].map(([, name]) => name)
  const sharesItself = boxes.length > 0 && boxes.every(name => name !== undefined && !COPIES.test(name))
  const written = foldersIn(source, text)
  const found = written.filter(
    ({ isOff, type, target }) =>
      !isOff &&
      (type === 'virtualbox' || (type === null && sharesItself)) &&
      written.every(other => other.target !== target || (!other.isOff && other.type === type)),
  )
  const own = /\bVagrant\.configure\b/.exec(text)
  // The directory of the Vagrantfile, unless it says otherwise.
  const isOwn = own !== null && sharesItself && written.every(({ target }) => target !== '/vagrant')
  return isOwn
    ? [...found, { target: '/vagrant', at: { source, start: own.index, end: own.index + own[0].length } }]
    : found
}

/** Boxes that have no driver of VirtualBox, and get copies of the directory by rsync or nothing. */
const COPIES =
  /^(?:debian\/(?!contrib)|centos\/|fedora\/|almalinux\/|rockylinux\/|generic|roboxes|archlinux\/|alpine\/)/

interface WrittenFolder extends SyncedFolder {
  readonly isOff: boolean
  /** Null where none is written; empty where it is no word. */
  readonly type: string | null
}

const FOLDER =
  /\bsynced_folder[ \t(]+("[^"\n]*"|'[^'\n]*'|[^\s,]+)[ \t]*,\s*(?:"([^"\n]*)"|'([^'\n]*)')((?:,[^\n]*(?:,[ \t]*\n[^\n]*)*)?)/g

function foldersIn(source: Source, text: string): readonly WrittenFolder[] {
  return [...text.matchAll(FOLDER)].flatMap(match => {
    const [all, , double, single, options = ''] = match
    const target = double ?? single ?? ''
    if (!target.startsWith('/') || target.includes('#{')) return []
    const type = /\btype["']?:?[ \t]*(?:=>)?[ \t]*(?:["':](\w+))?/.exec(options)
    const end = match.index + all.length - options.length
    return [
      {
        target: target.replace(/(?<=.)\/+$/, ''),
        at: { source, start: match.index, end },
        isOff: /\bdisabled\b/.test(options),
        type: type === null ? (/\*\*|\w+\[/.test(options) ? '' : null) : (type[1] ?? ''),
      },
    ]
  })
}
