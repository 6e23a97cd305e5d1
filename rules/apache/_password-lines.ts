import type { RuleFinding } from '../../src/engine/rule.ts'
import type { FileSystem } from '../../src/files/file-system.ts'
import type { ApacheDirective } from '../../src/servers/apache/configuration.ts'
import { argumentPlace, isSettled } from '../../src/servers/apache/queries/places.ts'

/** What is wrong with a file that is there, where it was written for the other type of authentication. */
export function otherKind(
  files: FileSystem,
  directive: ApacheDirective,
): Pick<RuleFinding, 'at' | 'message'> | null {
  const type = authentication(directive, 'AuthType')?.args[0]?.value.toLowerCase()
  const lines = type === 'basic' || type === 'digest' ? passwordLines(files, directive) : []
  if (lines.length === 0) return null
  const at = argumentPlace(directive, 0)
  if (type === 'basic' && lines.every(line => OF_DIGEST.test(line)))
    return {
      at,
      message:
        'the lines are those of `htdigest`, and `AuthType Basic` reads those of `htpasswd`: no password is right',
    }
  return type === 'digest' && lines.every(line => /^[^:]+:[^:]+$/.test(line))
    ? {
        at,
        message:
          'the lines are those of `htpasswd`, and `AuthType Digest` reads those of `htdigest`: no password is right',
      }
    : null
}

/** A name of the realm that no line of the file has: the realm is a part of what `htdigest` hashes. */
export function otherRealm(files: FileSystem, directive: ApacheDirective): RuleFinding | null {
  const name = authentication(directive, 'AuthName')
  const realm = name?.args[0]?.value ?? ''
  if (authentication(directive, 'AuthType')?.args[0]?.value.toLowerCase() !== 'digest') return null
  if (name === undefined || !isSettled(realm)) return null
  const lines = passwordLines(files, directive)
  const realms = new Set(lines.map(line => line.split(':')[1] ?? ''))
  if (lines.length === 0 || realms.has(realm) || !lines.every(line => OF_DIGEST.test(line))) return null
  return {
    at: argumentPlace(name, 0),
    message: `the passwords of this file are for the realm \`${[...realms].join('`, `')}\`, and this one is \`${realm}\`: no password is right`,
    related: [{ at: argumentPlace(directive, 0), message: 'the file' }],
    help: `Write \`AuthName "${[...realms][0]}"\`, or make the file anew: the realm is a part of what is hashed`,
  }
}

const OF_DIGEST = /^[^:]+:[^:]*:[0-9a-f]{32}\s*$/i

/** The last line of this name in the section of another one. */
function authentication({ parent }: ApacheDirective, name: string): ApacheDirective | undefined {
  return parent?.children.findLast(each => each.name === name)
}

/** The lines of a file of passwords; none where it is not in the audit. */
function passwordLines(files: FileSystem, { args, source }: ApacheDirective): readonly string[] {
  const path = args[0]?.value ?? ''
  if (!path.startsWith('/') || path === source.path) return []
  const read = files.read(path)
  return read.kind === 'source'
    ? read.source.text.split('\n').filter(line => /^[^#:\s][^:]*:./.test(line))
    : []
}
