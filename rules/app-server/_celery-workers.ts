import { posix } from 'node:path'
import { isUnknownWord, type Source } from '../../parsers/text/source.ts'
import { placeOf } from '../../parsers/text/written-text.ts'
import { pythonFiles, scheduleFiles } from '../../src/deployment/django/scheduled-tasks.ts'
import type { Deployment, Machine, StartedCommand } from '../../src/deployment/model.ts'
import { type FileSystem, filesBelow, sourceAt } from '../../src/files/file-system.ts'
import { djangoProjects } from '../django/_projects.ts'
import { type CeleryCommand, celeryCommand, celeryOption } from './_celery.ts'
import { pythonCode } from './_celery-queues.ts'

/** What starts `celery worker`. */
export interface Worker extends Pick<StartedCommand, 'machine' | 'by' | 'directory' | 'environment'> {
  readonly celery: CeleryCommand
}

/** A server of an application is told of workers of its own. */
const OTHERS =
  /^(?:gunicorn|uvicorn|daphne|hypercorn|granian|uwsgi|waitress-serve|nginx|redis-server|php-fpm|node)$/

/** Null where none is seen, or where something may start others. */
export function workersSeen({ commands }: Deployment): readonly Worker[] | null {
  const workers: Worker[] = []
  for (const command of commands) {
    const { words, rest, machine, by, directory, environment } = command
    const celery = celeryCommand(command)
    const kind = celery?.words[celery.command ?? -1]?.text
    if (celery === null || kind === undefined || kind === 'multi') {
      const isOther = words.some(({ text }) => OTHERS.test(posix.basename(text)))
      const texts = [...(isOther ? [] : words), ...(rest === null ? [] : [rest])]
      if (texts.some(({ text }) => /celery|(?<!(?:^|\s)--)worker/i.test(text))) return null
      if (words.some(({ text }) => /\.sh$|^(?:honcho|supervisord|make|just)$/.test(posix.basename(text))))
        return null
      continue
    }
    if (kind !== 'worker') continue
    if (celery.words.some(({ text }) => isUnknownWord(text) || /^(?:-X|--exclude-queues)/.test(text)))
      return null
    workers.push({ celery, machine, by, directory, environment })
  }
  return workers.length === 0 ? null : workers
}

/** The code that the workers run, or, where it is not seen where they run, that of the projects. */
export function workerSources(deployment: Deployment, workers: readonly Worker[]): readonly Source[] {
  const found = new Set<Source>()
  let isWhole = true
  for (const { celery, machine, directory } of workers) {
    const own =
      celeryOption(celery, '--workdir')?.value ?? (directory?.known === true ? directory.value : null)
    const files = filesOf(machine)
    const paths = own?.startsWith('/') === true && own !== '/' ? pythonFiles(files, own) : null
    if (paths === null || paths.length === 0) isWhole = false
    for (const path of paths ?? []) if (!OF_TESTS.test(path)) addSource(found, files, path)
  }
  if (!isWhole)
    for (const { settings, files } of djangoProjects(deployment))
      for (const path of scheduleFiles(files, settings)) addSource(found, files, path)
  return [...found]
}

const OF_TESTS =
  /(?:^|\/)(?:tests?\/|test_[^/]*$|conftest\.py$)|_tests?\.py$|\/settings\/(?:tests?|dev\w*|local)\.py$/

function addSource(found: Set<Source>, files: FileSystem, path: string): void {
  const source = sourceAt(files, path)
  if (source !== null) found.add(source)
}

function filesOf({ container, files }: Machine): FileSystem {
  return container?.files ?? files
}

/** Tasks run where they are called. */
export function isEager(source: Source): boolean {
  return /^CELERY_(?:TASK_)?ALWAYS_EAGER\s*=\s*True\b|add_consumer\(/m.test(pythonCode(source))
}

const BROKER = /\b(?:CELERY_)?broker(?:_url)?\s*=\s*(["'][^"'\n]*["'])?/gi
const OWN = /^["'][a-z+]+:\/\/(?:(?:[^@/]*@)?(?:127\.0\.0\.1|localhost)\b|\/)/

/** True where a worker of another machine does not reach the broker. */
function hasOwnBroker(sources: readonly Source[]): boolean {
  const brokers = sources.flatMap(source => [...pythonCode(source).matchAll(BROKER)])
  return brokers.length > 0 && brokers.every(([, url = '']) => OWN.test(url))
}

/** False where units start the workers and another machine reaches the broker, which may have more of them. */
export function areAllWorkers(workers: readonly Worker[], sources: readonly Source[]): boolean {
  return workers.every(({ by }) => by === 'container') || hasOwnBroker(sources)
}

const STARTS = /^(?:Procfile|[Mm]akefile|[Jj]ustfile)|\.(?:sh|service|conf|ini|ya?ml|toml)$/
const REACH = {
  levels: 3,
  skipped: /^(?:node_modules|\.git|venv|\.venv|static|media|locale|templates|fixtures)$/,
}
const MOST = 200

/** The files that start the workers, and those beside their code that may start others; the latter lazily, for they are many. */
export function* startTexts(
  workers: readonly Worker[],
): Iterable<{ readonly source: Source; readonly isRead: boolean }> {
  const read = new Set(
    workers.flatMap(({ machine, celery }) => [
      placeOf(celery.program).source,
      ...(machine.container?.projects ?? []).flatMap(({ sources }) => sources),
    ]),
  )
  for (const source of read) yield { source, isRead: true }
  for (const { machine, directory } of workers) {
    const { container } = machine
    const context = container?.service.build?.context ?? directory
    const files = container?.hostFiles ?? machine.files
    if (context?.known !== true || !context.value.startsWith('/')) continue
    let left = MOST
    for (const path of filesBelow(files, context.value, REACH)) {
      if (!STARTS.test(posix.basename(path)) || left-- <= 0) continue
      const source = sourceAt(files, path)
      if (source !== null && !read.has(source)) yield { source, isRead: false }
    }
  }
}
