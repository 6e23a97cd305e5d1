import { posix } from 'node:path'
import { commandText } from '../../parsers/dockerfile/command-text.ts'
import type { DockerCopy, DockerRun } from '../../parsers/dockerfile/dockerfile.ts'
import { type DockerImage, imageOfStage } from '../../parsers/dockerfile/image-of-stage.ts'
import { cleanPath } from '../../parsers/text/clean-path.ts'
import { isBelow, overlap } from '../../parsers/text/is-below.ts'
import type { Started } from './_started-words.ts'

/**
 * The `COPY` by which a directory of the image is root’s, and nobody else’s to write: what it copies belongs to root
 * without `--chown`, whatever `USER` says. Null where a step, a mount or another copy may give it to somebody else.
 */
export function copiedAsRoot(started: Started, directory: string): DockerCopy | null {
  const { image, mounts, service } = started
  if (image === null || started.fault !== null || mayBeMounted(started, directory)) return null
  if (service !== null && service.build !== null && service.build.target?.known === false) return null
  const mount = mounts.find(({ target }) => isBelow(directory, cleanPath(target)))
  const index = image.steps.findIndex(step => 'sources' in step && step.at === mount?.at)
  const copy = image.steps[index]
  if (mount === undefined || copy === undefined || !('sources' in copy) || !copy.target.known) return null
  // The directory of the target itself may be there before, and belong to whoever made it.
  const isOlder = cleanPath(mount.target) === directory
  const isRoots = image.steps.every(step => 'command' in step || !mayGiveAway(step, directory))
  if (!isRoots || !isOfRoot(copy, image)) return null
  const home = image.workingDirectory?.known === true ? image.workingDirectory.value : null
  const before = image.steps.slice(0, index).every(step => !mayMake(step, directory, isOlder))
  const behind = image.steps.slice(index + 1).every(step => leavesOwner(step, directory, home))
  return before && behind && !(isOlder && changesUser(image, copy)) ? copy : null
}

/** True where something else than the image may stand there when the container runs. */
function mayBeMounted({ mounts, service }: Started, directory: string): boolean {
  if (mounts.some(({ from, target }) => from !== 'COPY' && overlap(directory, cleanPath(target)))) return true
  if (service === null) return false
  return (
    service.volumesFrom.length > 0 ||
    [...service.volumes.map(({ target }) => target), ...service.tmpfs].some(
      each => !each.known || overlap(directory, cleanPath(each.value.replace(/:.*$/, ''))),
    )
  )
}

/** A copy that says whose its files are, or that comes from an image that nobody sees. */
function mayGiveAway({ target, owner, mode }: DockerCopy, directory: string): boolean {
  if (!target.known) return true
  const isRoot = owner === null || (owner.known && /^(?:root|0)(?::|$)/.test(owner.value))
  return overlap(directory, cleanPath(target.value)) && (!isRoot || mode !== null)
}

function isOfRoot({ from, stage, kind, sources }: DockerCopy, { stages }: DockerImage): boolean {
  // `ADD` of an archive keeps the owners that stand in it.
  if (kind === 'ADD' && sources.some(each => !each.known || /\.(?:tar|t?gz|bz2|xz|zst)/.test(each.value)))
    return false
  if (from === null) return true
  const image = stage === null ? null : imageOfStage({ stages }, String(stage))
  return (
    image !== null &&
    image.user === null &&
    image.steps.every(step =>
      'command' in step ? !OWNERS.test(textOf(step)) : step.owner === null && step.mode === null,
    )
  )
}

const OWNERS = /\b(?:chown|chmod|setfacl|umask|su|tar|rsync)\b|(?:^|[;&|]\s*)install\s/

/** In BuildKit a `WORKDIR` below `USER` is made for that user. */
function changesUser({ stages }: DockerImage, { at }: DockerCopy): boolean {
  return stages.some(({ users }) => users.some(user => user.at.start < at.start))
}

/** What may have made the directory before, or anything of the account that runs later. */
function mayMake(step: DockerCopy | DockerRun, directory: string, isOlder: boolean): boolean {
  if ('sources' in step) return false
  const text = textOf(step)
  if (/\bsetfacl\b|\bumask\b|\b(?:usermod|useradd|adduser)\b[^;&|]*-u\s*0\b/.test(text)) return true
  if (isOlder) return text.includes(directory) || /\bcho(?:wn|mod)\b[^;&|]*\s\.{1,2}\/?(?:\s|$)/.test(text)
  return text.split(/[\s/"'{},;]+/).includes(posix.basename(directory))
}

/** True for a step after which the directory is root’s as before. */
function leavesOwner(step: DockerCopy | DockerRun, directory: string, home: string | null): boolean {
  if ('sources' in step) return true
  const text = textOf(step).replace(/\\\r?\n/g, ' ')
  if (step.documents.length > 0 || /[`(){}<]/.test(text)) return false
  return text
    .replace(/^(?:\s*--\S+)+\s/, '')
    .split(/&&|\|\||[;\n|]/)
    .map(each => each.trim())
    .every(
      each =>
        each === '' || each.startsWith('#') || HARMLESS.test(each) || isElsewhere(each, directory, home),
    )
}

/** Commands that neither change an owner nor run what the repository has. */
const HARMLESS =
  /^(?:set|export|apt-get|apt|apk|pip3?|(?:\S*\/)?python[\d.]* (?:-m (?:pip|venv|compileall)|manage\.py collectstatic)|useradd|adduser|groupadd|addgroup|usermod|mkdir(?! .*-m)|rm|echo|printf|true|touch|dos2unix|uv (?:pip|sync)|poetry (?:install|config|export)|ls|locale-gen|curl|wget|docker-php-ext-\w+|pecl|a2en\w+|a2dis\w+|(?:\S*\/)?composer|(?:\S*\/)?php artisan|npm|yarn|pnpm|ln -s|sed -i)(?:\s|$)/

/** `chown`, `chmod` and `cp` of other places. */
function isElsewhere(command: string, directory: string, home: string | null): boolean {
  const [, name, words = ''] = /^(chown|chmod|cp|mv)\s+(.+)$/.exec(command) ?? []
  if (name === undefined || /[$*?[\]]/.test(words)) return false
  const paths = words.split(/\s+/).filter(word => !word.startsWith('-'))
  return paths.slice(name.startsWith('ch') ? 1 : 0).every(word => {
    const path = word.replace(/^(['"])(.*)\1$/, '$2')
    if (!path.startsWith('/') && home === null) return false
    const full = cleanPath(posix.resolve(home ?? '/', path))
    if (full === home && !name.startsWith('ch')) return true
    return name.startsWith('ch') ? !overlap(full, directory) : !isBelow(full, directory)
  })
}

function textOf({ command, documents }: DockerRun): string {
  return [commandText(command), ...documents.map(({ text }) => text.text)].join('\n')
}
