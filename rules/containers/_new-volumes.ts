import { posix } from 'node:path'
import { commandText } from '../../parsers/dockerfile/command-text.ts'
import type { DockerRun } from '../../parsers/dockerfile/dockerfile.ts'
import type { DockerImage } from '../../parsers/dockerfile/image-of-stage.ts'
import { cleanPath } from '../../parsers/text/clean-path.ts'
import { isBelow, overlap } from '../../parsers/text/is-below.ts'
import type { Container } from '../../src/deployment/containers/container.ts'
import { copiedAsRoot } from './_root-owned.ts'

/** Docker's own images of languages and systems, which have no directories of applications. */
const PLAIN_IMAGE =
  /^(?:python|pypy|node|ruby|php|perl|golang|rust|elixir|erlang|openjdk|eclipse-temurin|amazoncorretto|debian|ubuntu|alpine|busybox|buildpack-deps)(?=[:@]|$)/

/** Directories of such an image, and those into which packages put theirs. */
const OF_SYSTEM =
  /^\/(?:bin|boot|dev|etc|go|lib\w*|media|mnt|proc|root|run|sbin|sys|tmp|usr(?!\/src\/.)|var(?!\/www\/.))(?:\/|$)|^\/(?:home(?:\/[^/]+)?|opt|srv|var\/www\/html)$/

/**
 * What an image has at a path that is root's: nothing, so that Docker makes the mount point for root; an empty
 * directory; or copied files. A new volume takes the owner over. Null where the path may be somebody else's.
 */
export function foundForRoot(container: Container, path: string): 'nothing' | 'empty' | 'copied' | null {
  const { image, reference, fault, service, files } = container
  if (fault !== null || OF_SYSTEM.test(path) || !PLAIN_IMAGE.test(reference ?? '')) return null
  if (image === null) return service.build === null && files.kind(path) === null ? 'nothing' : null
  if (service.build?.target?.known === false) return null
  const kind = files.kind(path)
  if (kind !== null) {
    const own = container.mounts.filter(({ from }) => from === 'COPY')
    const copy = copiedAsRoot({ ...container, service: null, mounts: own }, path)
    return kind === 'directory' && copy !== null ? 'copied' : null
  }
  if (mayBeCopied(image, path)) return null
  const home = image.workingDirectory
  if (home !== null && (!home.known || isBelow(cleanPath(home.value), path))) return null
  return afterSteps(image, path)
}

/** True where the directory may come from another stage, or with files that the audit does not have. */
function mayBeCopied({ steps }: DockerImage, path: string): boolean {
  return steps.some(
    step =>
      'sources' in step &&
      (!step.target.known ||
        isBelow(cleanPath(step.target.value), path) ||
        (step.from !== null && isBelow(path, cleanPath(step.target.value)))),
  )
}

/** What the steps leave there: nothing, or an empty directory of root. */
function afterSteps(image: DockerImage, path: string): 'nothing' | 'empty' | null {
  let state: 'nothing' | 'empty' = 'nothing'
  for (const step of image.steps) {
    if ('sources' in step) continue
    const commands = commandsOf(step)
    if (commands === null) return null
    let own = step.directory?.known === true ? step.directory.value : null
    for (const command of commands) {
      if (command.startsWith('cd ')) own = null
      const effect = effectOf(command, path, own)
      if (effect === null || (effect === 'made' && !isOfRoot(image, step))) return null
      if (effect === 'given' && state === 'empty') return null
      if (effect === 'made') state = 'empty'
    }
  }
  return state
}

/** The commands of a step, one by one; null where a shell does more than to run one after the other. */
function commandsOf({ command, documents }: DockerRun): readonly string[] | null {
  const text = commandText(command).replace(/\\\r?\n/g, ' ')
  if (documents.length > 0 || /[`{}]|\$\(|<</.test(text)) return null
  return text
    .split(/&&|\|\||[;\n|]/)
    .map(each => each.trim().replace(/^(?:--\S+\s+)+/, ''))
    .filter(each => each !== '' && !each.startsWith('#'))
}

/** What surely makes no directory of an application. */
const HARMLESS =
  /^(?:set|export|cd|true|echo|printf|apt-get|apt|apk|curl|wget|useradd|adduser|groupadd|addgroup|usermod|deluser|delgroup|userdel|rm|touch|dos2unix|sed|find|ls|locale-gen|corepack|docker-php-ext-\w+|pecl|gem install|npm (?:i|install) (?:-g|--global)|pip3?|(?:\S*\/)?python[\d.]* -m (?:pip|venv|compileall)|uv (?:pip|sync)|poetry (?:install|config|export))(?:\s|$)/

const OF_VARIABLE =
  /^(?:useradd|adduser|usermod)\b.*\s(?:-\w*[dhb]|--home\S*|--base-dir)[\s=]*["']?\$|^find\b.*\s-exec|\s(?:-P|--create-dirs)\b/

const COLLECTS =
  /^(?:\S*\/)?python[\d.]* (?:\S*\/)?manage\.py (?:collectstatic|compilemessages|check)\b[^>]*$/
const ASSIGNMENTS = /^(?:[A-Za-z_]\w*=(?:'[^']*'|"[^"]*"|[^\s'"])*\s+)+/

/** What runs scripts of the repository, in its directory. */
const BUILDS = /^(?:npm|npx|yarn|pnpm|go|cargo|tsc|mvn|bundle|composer|\.\/mvnw|\.\/gradlew)(?:\s|$)/

/** What a command does to a path: makes it, gives it away should it be there, or nothing; null where nobody knows. */
function effectOf(command: string, path: string, home: string | null): 'made' | 'given' | 'none' | null {
  const own = command.replace(ASSIGNMENTS, '')
  // It makes the directory of static files.
  if (COLLECTS.test(own)) return /static|asset|public|www|collect|dist|vol/i.test(path) ? null : 'none'
  // Many a command makes the directory that it is told of: the home of an account, the target of a download.
  if (HARMLESS.test(command)) return command.includes(path) || OF_VARIABLE.test(command) ? null : 'none'
  if (BUILDS.test(command)) return home !== null && !overlap(path, cleanPath(home)) ? 'none' : null
  const [, name = '', words = ''] = /^(mkdir|chown|chmod|chgrp)\s+(.+)$/s.exec(command) ?? []
  if (name === '') return null
  if (name === 'mkdir' && /\s-\w*m|--mode/.test(` ${words}`)) return null
  const paths = pathsOf(words, home).slice(name === 'mkdir' ? 0 : 1)
  // Of a path that a variable names, `chown` finds nothing where nothing is.
  if (name !== 'mkdir') return paths.every(each => each !== null && !overlap(each, path)) ? 'none' : 'given'
  if (paths.includes(null)) return null
  return paths.some(each => each !== null && isBelow(each, path)) ? 'made' : 'none'
}

/** The paths among the words of a command; null for each that a variable or a pattern names. */
function pathsOf(words: string, home: string | null): readonly (string | null)[] {
  return words
    .split(/\s+/)
    .filter(word => word !== '' && !word.startsWith('-') && !/^\d*>/.test(word))
    .map(word => {
      const plain = word.replace(/^(['"])(.*)\1$/, '$2')
      if (/[$*?[\]~'"]/.test(plain) || (home === null && !plain.startsWith('/'))) return null
      return cleanPath(posix.resolve(home ?? '/', plain))
    })
}

/** True where no `USER` of another account stands above a step. */
function isOfRoot({ stages }: DockerImage, { at }: DockerRun): boolean {
  return stages.every(({ users }) =>
    users.every(
      ({ account, at: user }) =>
        user.start > at.start || (account.known && /^(?:root|0)(?::|$)/.test(account.value)),
    ),
  )
}
