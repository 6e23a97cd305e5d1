import { posix } from 'node:path'
import type { DockerCopy } from '../../parsers/dockerfile/dockerfile.ts'
import { isBelow } from '../../parsers/text/is-below.ts'
import type { Source } from '../../parsers/text/source.ts'
import { placeOf, type WrittenText } from '../../parsers/text/written-text.ts'
import { serviceVariables } from '../../src/deployment/containers/service-variables.ts'
import type { RuleFinding } from '../../src/engine/rule.ts'
import { fileNearBeside } from '../_nearest-name.ts'
import { BINARIES } from './_carriage-returns.ts'
import { type Started, scriptAt } from './_started-words.ts'

/** Images of which it is known what lies at their root and in the directories of `PATH`. */
const KNOWN = /^(?:python|node|ruby|golang|php|debian|ubuntu|alpine)(?=[:@]|$)/
/** Those whose own entry point is none: what they start, the kernel starts. */
const PLAIN = /^(?:python|debian|ubuntu|alpine|golang|ruby)(?=[:@]|$)/
/** What may bring a file of any name, and what puts one elsewhere. */
const BRINGS = /\b(?:git|curl|wget|tar|unzip|svn|rsync|install)\b/

/** A command that Docker does not give the entry point, which stands in the form of a line for a shell. */
export function* commandDropped(container: Started): Iterable<RuleFinding> {
  const { service, image } = container
  if (image?.entrypoint?.form !== 'shell' || (service !== null && service.entrypoint !== null)) return
  const { script } = image.entrypoint
  const [, path] = /^\s*(?:(?:ba|da)?sh\s+)?(\S+)\s*$/.exec(script.text) ?? []
  const [command] = service?.command?.words ?? (image.command === null ? [] : [commandPlace(image.command)])
  if (path === undefined || command === undefined) return
  const source = scriptAt(container, { ...script, text: path })?.source ?? null
  if (source === null || !/^\s*exec "\$@"\s*$/m.test(source.code)) return
  // One that looks at its arguments may have a command of its own.
  if (/\$#|\bset --|\$\{@|\$\{?1|\$\*/.test(source.code)) return
  yield {
    at: placeOf(script),
    severity: 'error',
    message: `without brackets this is a line for \`/bin/sh -c\`, which takes no command: \`exec "$@"\` of the script starts nothing, and the container ends`,
    label: 'takes no command',
    related: [{ at: placeOf(command), message: 'the command, which is lost' }],
    help: `Write \`ENTRYPOINT ["${path}"]\``,
  }
}

/** Options of a program that is an entry point in the form of a line for a shell: the shell gets them, and the program none. */
export function* optionsDropped({ service, image }: Started): Iterable<RuleFinding> {
  if (image?.entrypoint?.form !== 'shell' || (service !== null && service.entrypoint !== null)) return
  const { script } = image.entrypoint
  const command = service?.command?.words ?? (image.command?.form === 'exec' ? image.command.words : [])
  const [first] = command
  if (first === undefined || !/^--?[a-z]/.test(first.text) || /\$[@*{\d]/.test(script.text)) return
  yield {
    at: placeOf(script),
    severity: 'error',
    message: `without brackets this is a line for \`/bin/sh -c\`, whose program gets no arguments: \`${first.text}\` of the command is lost`,
    label: 'takes no arguments',
    related: [{ at: placeOf(first), message: 'the arguments, which are lost' }],
    help: 'Write the entry point as a list, `ENTRYPOINT ["…", "…"]`, or the arguments into this line',
  }
}

/** An option where the program stands, as where `ENTRYPOINT` and `CMD` have changed places. */
export function optionStarted(container: Started, first: WrittenText): RuleFinding | null {
  const { service, image } = container
  if (!/^--?[a-z]/.test(first.text) || !isStartedByKernel(container)) return null
  const isOwn = service !== null && service.entrypoint !== null
  const command = !isOwn && image?.entrypoint != null ? image.command : null
  return {
    at: placeOf(first),
    severity: 'error',
    message: `Docker starts \`${first.text}\` as the program: executable file not found in $PATH`,
    label: 'an option',
    ...(command !== null && {
      related: [{ at: command.at, message: 'only an argument of it' }],
      help: 'Write the program in `ENTRYPOINT`, and its options in `CMD`',
    }),
  }
}

function commandPlace(command: NonNullable<NonNullable<Started['image']>['command']>): WrittenText {
  return command.form === 'exec' ? command.words[0]! : command.script
}

/** True where the kernel starts what stands there, and no shell. */
function isStartedByKernel({ service, image, reference }: Started): boolean {
  if (service !== null && service.entrypoint !== null) return true
  if (image?.entrypoint != null) return image.entrypoint.form === 'exec'
  if (!PLAIN.test(reference ?? '')) return false
  return (service !== null && service.command !== null) || image?.command?.form === 'exec'
}

/** A script that does not say which program reads it: a shell would read it by itself, the kernel does not. */
export function* withoutShebang(
  container: Started,
  word: WrittenText,
  source: Source,
  steps: readonly string[],
): Iterable<RuleFinding> {
  const { text } = source
  const name = posix.basename(source.path)
  if (!isStartedByKernel(container) || text.trim() === '' || !/\.(?:sh|bash)$/.test(name)) return
  if (/[\u0000-\u0008\uFFFD]/.test(text.slice(0, 200)) || steps.some(step => /\bsed\b|#!/.test(step))) return
  const end = text.indexOf('\n')
  const isLate = /^\s*#!/m.test(text.slice(0, 400))
  yield {
    at: placeOf(word),
    severity: 'error',
    message: `\`${name}\` does not begin with \`#!\`, so the kernel does not know which program reads it: exec format error`,
    label: 'not started',
    related: [
      {
        at: { source, start: 0, end: end === -1 ? text.length : Math.max(end, 1) },
        message: isLate ? 'the first line is another one' : 'the first line',
      },
    ],
    help: 'Write `#!/bin/sh` as the very first line of the script',
  }
}

/** A script that the image has at another place than the one that is named. */
export function notFound(
  container: Started,
  word: WrittenText,
  steps: readonly string[],
): RuleFinding | null {
  const { service, image, reference, mounts, files, hostFiles } = container
  const { text } = word
  const name = posix.basename(text)
  if (image === null || !KNOWN.test(reference ?? '') || !/^\/?[\w./-]+\.sh$/.test(text)) return null
  if (/^docker(?:-php)?-entrypoint\.sh$/.test(name) || !isStartedByKernel(container)) return null
  if (service !== null && (!service.complete || service.volumesFrom.length > 0)) return null
  // Another image, a download or a step that moves files may bring it.
  const isInPath = !text.includes('/')
  if (!isInPath && !text.startsWith('/')) return null
  if (image.steps.some(step => 'sources' in step && mayBring(step, isInPath ? BINARIES : [text]))) return null
  if (image.steps.some(step => 'sources' in step && step.documents.length > 0)) return null
  if (steps.some(step => BRINGS.test(step.replace(/\b(?:apt-get|apt|apk|yum|dnf)\b[^;&|\n]*/g, ''))))
    return null
  if (steps.some(step => step.includes(name) && /\b(?:mv|cp|ln|cat|echo|printf)\b|>/.test(step))) return null
  if (mounts.some(({ path, target }) => path === null && isBelow(text, target))) return null
  const given = service === null ? null : serviceVariables(service, hostFiles)
  const own = [...image.environment, ...(given?.variables ?? [])]
  if (isInPath && (given?.complete === false || own.some(variable => variable.name === 'PATH'))) return null
  const places = isInPath ? BINARIES.map(directory => posix.join(directory, name)) : [text]
  if (places.some(place => files.kind(place) !== null)) return null
  const elsewhere =
    mounts
      .flatMap(({ target }) => (posix.basename(target) === name ? [target] : [posix.join(target, name)]))
      .find(place => files.kind(place) === 'file') ?? (isInPath ? null : fileNearBeside(files, text, '.sh'))
  if (elsewhere === null) return null
  return {
    at: placeOf(word),
    severity: 'error',
    message: isInPath
      ? `Docker looks for a name without a slash in the directories of \`PATH\` alone, and the script is \`${elsewhere}\`: executable file not found in $PATH`
      : `the image has the script as \`${elsewhere}\`, and nothing puts it here: no such file or directory`,
    label: 'not there',
    help: `Write \`${elsewhere}\``,
  }
}

/** True where a copy of another image may have a file at one of the places. */
function mayBring({ from, target }: DockerCopy, places: readonly string[]): boolean {
  return !target.known || (from !== null && places.some(place => isBelow(place, target.value)))
}
