import { posix } from 'node:path'
import { memo } from '../../parsers/collections/memo.ts'
import { isBelow } from '../../parsers/text/is-below.ts'
import type { Place, Source } from '../../parsers/text/source.ts'
import { type FileSystem, sourceAt } from '../../src/files/file-system.ts'

/** A script that writes new files over those of an application. */
export interface DeployScript {
  /** The command that does. */
  readonly at: Place
  /** The directory in which it does. */
  readonly directory: string
}

const DIRECTORIES = [
  '/usr/local/bin',
  '/usr/local/sbin',
  '/opt',
  '/opt/bin',
  '/opt/scripts',
  '/root',
  '/root/bin',
]
/** Where something may reload PHP at its own time. */
const OTHERS = [
  '/etc/cron.d',
  '/etc/cron.daily',
  '/etc/cron.hourly',
  '/var/spool/cron/crontabs',
  '/etc/systemd/system',
]
const MOST_FILES = 200

/** Words by which PHP forgets what it has compiled, or which may lead to them. */
const RESETS = /opcache|cachetool|php[\w.-]*fpm|\bUSR2\b/i
/** What runs other programs of which nobody here knows what they do. */
const MAY_RESET =
  /\b(?:systemctl|service|supervisorctl|kill|pkill|killall|restart|reload|apachectl|apache2ctl|httpd|docker|podman|curl|wget|ssh|make|dep|envoy|ansible[\w-]*|source|eval|exec|bash|reboot|npm|yarn|pnpm|include)\b|(?:^|[\s;&|(])(?:\.|sh)\s+\S|(?:^|[\s;&|])\.{0,2}\/\S*\.sh\b|\bln\s+-\w*s|\bmv\s/m
/** What writes over the files of the directory in which it runs. */
const WRITES =
  /^[ \t]*(?:sudo[ \t]+(?:-u[ \t]*\S+[ \t]+)?)?(git[ \t]+(?:-C[ \t]+(\/\S+)[ \t]+)?(?:pull|merge|checkout|reset\b[^\n]*--hard))(?=\s|$)/gm
const ENTERS = /^[ \t]*cd[ \t]+["']?(\/[\w./-]+?)\/?["']?[ \t]*(?:$|&&|;|\|\|)/gm

/** The scripts of a machine that deploy an application in place, unless one of its files may have PHP compile it anew. */
export const deployScripts = memo((files: FileSystem): readonly DeployScript[] => {
  const scripts = textsIn(files, DIRECTORIES)
  const deploys = scripts.flatMap(source =>
    MAY_RESET.test(withoutComments(source)) ? [] : deploysOf(source),
  )
  if (deploys.length === 0) return []
  return [...scripts, ...textsIn(files, OTHERS)].some(source => RESETS.test(withoutComments(source)))
    ? []
    : deploys
})

/** What writes over the files of a directory that it names. */
const WRITES_TO =
  /^[ \t]*(?:sudo[ \t]+(?:-u[ \t]*\S+[ \t]+)?)?(rsync\b[^\n;&|]*[ \t](\/[\w./-]+)|tar[ \t]+(?:-?[zjJvpf]*x\w*|--extract)\b[^\n;&|]*[ \t]-C[ \t]+(\/[\w./-]+)[^\n;&|]*|unzip\b[^\n;&|]*[ \t]-d[ \t]+(\/[\w./-]+)[^\n;&|]*)[ \t]*$/gm

function deploysOf(source: Source): readonly DeployScript[] {
  const code = withoutComments(source)
  if (source.text !== source.code || !/^#!.*\bsh\b|^#!.*\bbash\b/.test(source.text)) return []
  return [...code.matchAll(WRITES), ...code.matchAll(WRITES_TO)].flatMap(match => {
    const { index, 0: whole, 1: written = '' } = match
    const command = written.trimEnd()
    const named = match[2] ?? match[3] ?? match[4]
    const directory = named ?? [...code.slice(0, index).matchAll(ENTERS)].at(-1)?.[1]
    const start = index + whole.indexOf(command)
    return directory === undefined ? [] : [{ at: { source, start, end: start + command.length }, directory }]
  })
}

/** True where nothing in the directory of an application says what may follow a deployment of it. */
export function isPlainlyDeployed(files: FileSystem, directory: string): boolean {
  const composer = sourceAt(files, posix.join(directory, 'composer.json'))
  if (
    composer !== null &&
    (RESETS.test(composer.text) || /"scripts"[^}]*(?:systemctl|reload|restart)/.test(composer.text))
  )
    return false
  return OF_DEPLOYERS.every(name => files.kind(posix.join(directory, name)) === null)
}

const OF_DEPLOYERS = [
  '.git/hooks/post-merge',
  '.git/hooks/post-checkout',
  '.gitlab-ci.yml',
  '.github/workflows',
  'Jenkinsfile',
  'bitbucket-pipelines.yml',
  'deploy.php',
  'Envoy.blade.php',
]

/** True where a script writes over a document root. */
export function writesOver({ directory }: DeployScript, root: string): boolean {
  return isBelow(root, posix.normalize(directory))
}

function textsIn(files: FileSystem, directories: readonly string[]): readonly Source[] {
  return directories.flatMap(directory =>
    (files.list(directory) ?? [])
      .filter(({ kind }) => kind === 'file')
      .slice(0, MOST_FILES)
      .flatMap(({ name }) => sourceAt(files, posix.join(directory, name)) ?? []),
  )
}

const withoutComments = memo(({ code }: Source): string =>
  code.replace(/(^|[ \t])#[^\n]*/g, text => ' '.repeat(text.length)),
)
