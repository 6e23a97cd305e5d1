import { posix } from 'node:path'
import { parseDotenv } from '../../parsers/dotenv/parse-dotenv.ts'
import { phpCode } from '../../parsers/php/script.ts'
import type { Place, Source } from '../../parsers/text/source.ts'
import { placeOf, type WrittenText } from '../../parsers/text/written-text.ts'
import type { StartedCommand } from '../../src/deployment/model.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import { type FileSystem, sourceAt } from '../../src/files/file-system.ts'
import { behindNginx, serviceUnit } from './_examples.ts'

const tree = (words: string, retry: string, more: Record<string, string> = {}): Record<string, string> => ({
  ...behindNginx(serviceUnit(`/usr/bin/php /etc/shop/artisan queue:work ${words}`)),
  'etc/shop/artisan': '#!/usr/bin/env php\n',
  'etc/shop/config/queue.php': conf`
    <?php
    return [
        'default' => 'redis',
        'connections' => [
            'sync' => ['driver' => 'sync'],
            'redis' => [
                'driver' => 'redis',
                'connection' => 'default',
                'queue' => 'default',
                'retry_after' => ${retry},
            ],
        ],
    ];
  `,
  ...more,
})

export default defineRule({
  summary: 'Laravel gives a job to a second worker before the first may have ended it',
  severity: 'warning',
  confidence: 'high',
  since: '0.1.0',
  why: 'A job that a worker took and has not ended after `retry_after` seconds counts as lost, and the next worker gets it. Where `--timeout` lets a worker go on for longer, both do the same job: mails are sent twice, and money is taken twice; after the last of its `--tries` it is `MaxAttemptsExceededException`, although the first worker is still at it.',
  remedy: 'Let `retry_after` be some seconds longer than the longest `--timeout`',
  references: ['https://laravel.com/docs/queues#job-expirations-and-timeouts'],
  unproven: 'The live tests have no Laravel',
  bad: [
    { title: 'an hour for a job', files: tree('redis «--timeout=3600»', '90') },
    { title: 'as long as that', files: tree('«--timeout=90»', '90') },
    {
      title: 'a variable that the environment does not have',
      files: tree('«--timeout=600»', "(int) env('REDIS_QUEUE_RETRY_AFTER', 90)", {
        'etc/shop/.env': 'APP_ENV=production\n',
      }),
    },
  ],
  good: [
    { title: 'a longer time', files: tree('redis --timeout=600', '660') },
    { title: 'the timeout of Laravel', files: tree('redis --tries=3', '90') },
    {
      title: 'a variable of the environment',
      files: tree('--timeout=600', "(int) env('REDIS_QUEUE_RETRY_AFTER', 90)", {
        'etc/shop/.env': 'REDIS_QUEUE_RETRY_AFTER=700\n',
      }),
    },
    { title: 'another connection', files: tree('sqs --timeout=600', '90') },
    {
      title: 'a variable that a file may set',
      files: tree('--timeout=600', "env('REDIS_QUEUE_RETRY_AFTER', 90)"),
    },
  ],
  *check({ commands }) {
    for (const started of commands) {
      const worker = workerOf(started)
      if (worker === null || worker.timeout === null) continue
      const files = started.machine.container?.files ?? started.machine.files
      const source = sourceAt(files, posix.join(worker.home, 'config/queue.php'))
      if (source === null) continue
      const known = variablesOf(started, files, worker.home)
      const retry = retryOf(source, worker.connection, known)
      if (retry === null || retry.seconds > worker.timeout.seconds) continue
      yield {
        at: worker.timeout.at,
        message: `a job may take ${worker.timeout.seconds} seconds, and after ${retry.seconds} Laravel gives it to another worker, too`,
        label: `longer than ${retry.seconds} seconds`,
        related: [{ at: retry.at, message: '`retry_after`' }],
        help: `Write a \`retry_after\` above ${worker.timeout.seconds}`,
      }
    }
  },
})

interface Seconds {
  readonly seconds: number
  readonly at: Place
}

interface Worker {
  readonly home: string
  readonly connection: string | null
  readonly timeout: Seconds | null
}

function workerOf({ words, rest, directory }: StartedCommand): Worker | null {
  const at = words.findIndex(({ text }) => posix.basename(text) === 'artisan')
  const [artisan, command, ...behind] = at === -1 ? [] : words.slice(at)
  if (artisan === undefined || command?.text !== 'queue:work' || rest !== null) return null
  const path = artisan.text.startsWith('/')
    ? artisan.text
    : directory?.known === true
      ? posix.join(directory.value, artisan.text)
      : null
  if (path === null) return null
  const [first] = behind
  return {
    home: posix.dirname(path),
    connection: first === undefined || first.text.startsWith('-') ? null : first.text,
    timeout: timeoutOf(behind),
  }
}

function timeoutOf(words: readonly WrittenText[]): Seconds | null {
  const index = words.findIndex(({ text }) => /^--timeout(?:=|$)/.test(text))
  const word = words[index]
  if (word === undefined) return null
  const value = word.text === '--timeout' ? words[index + 1] : word
  const [digits] = /\d+$/.exec(value?.text ?? '') ?? []
  const isNumber = digits !== undefined && /^(?:--timeout=)?\d+$/.test(value?.text ?? '')
  // Nothing ends a job then, and nobody knows how long one takes.
  return isNumber && Number(digits) > 0 ? { seconds: Number(digits), at: placeOf(value ?? word) } : null
}

/** Undefined for a variable that is not set, null where nobody knows. */
type Variables = (name: string) => string | null | undefined

function variablesOf({ environment, machine }: StartedCommand, files: FileSystem, home: string): Variables {
  const own = sourceAt(files, posix.join(home, '.env'))
  const example = sourceAt(files, posix.join(home, '.env.example'))
  const isOpen = machine.container?.service.envFiles.some(({ path }) => !path.known) === true
  return name => {
    const set = environment(name)
    if (set !== null) return set.known ? set.value : null
    const written = own === null ? undefined : parseDotenv(own).findLast(each => each.name === name)
    if (written !== undefined) return written.value.known ? written.value.value : null
    if (isOpen || (own === null && example === null)) return null
    return own === null && example?.text.includes(name) === true ? null : undefined
  }
}

const VALUE = `(?:\\(int\\)\\s*)?(?:env\\(\\s*['"](\\w+)['"]\\s*,\\s*)?['"]?([\\w-]+)['"]?`

/** The shortest of the connections that it may be; null where one of them has none. */
function retryOf(source: Source, named: string | null, variables: Variables): Seconds | null {
  const code = phpCode(source)
  const read = (match: RegExpExecArray | null): string | null => {
    const [, variable, value = ''] = match ?? []
    if (match === null) return null
    const set = variable === undefined ? undefined : variables(variable)
    return set === undefined ? value : set
  }
  const chosen = named ?? read(new RegExp(`['"]default['"]\\s*=>\\s*${VALUE}`).exec(code))
  for (const block of code.matchAll(/['"]([\w-]+)['"]\s*=>\s*\[([^[\]]*)\]/g)) {
    const [whole, name, inner = ''] = block
    if (name !== chosen) continue
    const match = new RegExp(`['"]retry_after['"]\\s*=>\\s*${VALUE}`).exec(inner)
    const value = read(match)
    if (match === null || value === null || !/^\d+$/.test(value)) return null
    const start = block.index + whole.length - 1 - inner.length + match.index
    return { seconds: Number(value), at: { source, start, end: start + match[0].length } }
  }
  return null
}
