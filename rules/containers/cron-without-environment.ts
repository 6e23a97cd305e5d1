import { posix } from 'node:path'
import { readCrontab } from '../../parsers/cron/read-crontab.ts'
import type { Place, Source } from '../../parsers/text/source.ts'
import { placeOf, sliceWritten, type WrittenText } from '../../parsers/text/written-text.ts'
import type { Container } from '../../src/deployment/containers/container.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import { type FileSystem, sourceAt } from '../../src/files/file-system.ts'
import { containerVariables } from './_container-variables.ts'
import { startTexts } from './_shell-texts.ts'
import { buildSteps } from './_started-words.ts'

const tree = (
  command: string,
  {
    job = 'root cd /app && python manage.py send_reminders',
    lines = '',
    settings = 'SECRET_KEY = os.environ["SECRET_KEY"]',
    files = {},
  }: {
    readonly job?: string
    readonly lines?: string
    readonly settings?: string
    readonly files?: Readonly<Record<string, string>>
  } = {},
): Record<string, string> => ({
  'compose.yaml': conf`
    services:
      scheduler:
        build: .
        env_file: prod.env
        command: ${command}
  `,
  'prod.env': 'SECRET_KEY=abc\nDATABASE_URL=postgres://db/shop\n',
  Dockerfile: conf`
    FROM python:3.12-slim
    RUN apt-get update && apt-get install -y cron
    WORKDIR /app
    COPY . .
    COPY crontab /etc/cron.d/shop
  `,
  crontab: conf`
    ${lines}
    0 6 * * * ${job}
  `,
  'manage.py': conf`
    import os
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "shop.settings")
  `,
  'shop/settings.py': conf`
    import os
    ${settings}
  `,
  ...files,
})

export default defineRule({
  summary: 'A job of cron reads a variable that the container has, and cron does not pass on',
  severity: 'warning',
  confidence: 'high',
  since: '0.1.0',
  why: 'cron of Debian starts each job with an environment of its own: `HOME`, `LOGNAME`, `SHELL`, a short `PATH`, what the crontab sets, and `/etc/environment`. What `environment` and `env_file` of Compose or `ENV` of the image give to the container ends at cron. The job stops with `KeyError` or connects to nothing, while the same command in `docker compose exec` works.',
  remedy:
    'Write the variables down before cron starts (`printenv > /etc/environment && exec cron -f`), set them in the crontab, or use supercronic, which passes them on',
  references: [
    'https://manpages.debian.org/bookworm/cron/crontab.5.en.html',
    'https://docs.docker.com/compose/how-tos/environment-variables/set-environment-variables/',
  ],
  unproven: 'The live tests start no cron',
  bad: [
    { title: 'a command of Django', files: tree('«cron -f»') },
    {
      title: 'a script of a shell, and cron beside the application',
      files: tree('sh -c "«cron» && exec gunicorn -b 0.0.0.0:8000 shop.wsgi"', {
        job: 'root /app/dump.sh >> /var/log/cron.log 2>&1',
        files: { 'dump.sh': '#!/bin/sh\npg_dump "$DATABASE_URL" > /backup/shop.sql\n' },
      }),
    },
    {
      title: 'a variable in the crontab, and its service',
      files: tree('sh -c "«service cron start» && tail -f /dev/null"', {
        job: 'root pg_dump $DATABASE_URL > /backup/shop.sql',
      }),
    },
    {
      title: 'a script of Python',
      files: tree('/usr/sbin/«cron -f» -L 2'.replace('/usr/sbin/«', '«/usr/sbin/'), {
        job: 'root /usr/local/bin/python /app/sync.py',
        files: { 'sync.py': 'import os\nURL = os.environ.get("DATABASE_URL")\n' },
      }),
    },
  ],
  good: [
    { title: 'written down', files: tree('sh -c "printenv > /etc/environment && exec cron -f"') },
    { title: 'supercronic', files: tree('supercronic /app/crontab') },
    { title: 'crond of BusyBox, which passes them on', files: tree('crond -f') },
    {
      title: 'in the crontab',
      files: tree('cron -f', { lines: 'SECRET_KEY=abc' }),
    },
    {
      title: 'a file that the job reads',
      files: tree('cron -f', { job: 'root . /app/env.sh; cd /app && python manage.py send_reminders' }),
    },
    {
      title: 'a file that the settings read',
      files: tree('cron -f', {
        settings: 'from dotenv import load_dotenv\nload_dotenv()\nSECRET_KEY = os.environ["SECRET_KEY"]',
      }),
    },
    {
      title: 'a job that reads none',
      files: tree('cron -f', { job: 'root find /srv/uploads -mtime +7 -delete' }),
    },
    {
      title: 'a script that sets it',
      files: tree('cron -f', {
        job: 'root /app/dump.sh',
        files: { 'dump.sh': '#!/bin/sh\nDATABASE_URL=$(cat /run/secrets/url)\npg_dump "$DATABASE_URL"\n' },
      }),
    },
    {
      title: 'a default',
      files: tree('cron -f', { settings: 'SECRET_KEY = os.environ.get("SECRET_KEY", "x")' }),
    },
    {
      title: 'an entry point that writes them down',
      files: {
        ...tree('cron -f'),
        Dockerfile: conf`
          FROM python:3.12-slim
          RUN apt-get update && apt-get install -y cron
          WORKDIR /app
          COPY . .
          COPY crontab /etc/cron.d/shop
          ENTRYPOINT ["/app/entrypoint.sh"]
        `,
        'entrypoint.sh': '#!/bin/sh\ndeclare -p | grep -v readonly > /container.env\nexec "$@"\n',
      },
    },
  ],
  *check({ machines }) {
    for (const { container } of machines) {
      if (container === null || container.image === null || !container.service.complete) continue
      const texts = [...startTexts(container)]
      const cron = cronIn(texts)
      if (cron === null) continue
      const said = [...texts.map(({ text }) => text), ...buildSteps(container)].join('\n')
      if (WRITES.test(said)) continue
      const given = containerVariables(container)
      const names = new Set(given.map(({ name }) => name).filter(name => !OF_CRON.has(name)))
      for (const job of jobsOf(container)) {
        const read = readBy(job, container, names)
        if (read === null) continue
        yield {
          at: cron,
          message: `cron does not pass \`${read.name}\` of the container on to its jobs, ${read.isDemanded ? `so this one ends with KeyError: '${read.name}'` : 'so for this one it is not set'}`,
          label: 'starts its jobs without the variables',
          related: [
            { at: job.at, message: 'the job' },
            { at: read.at, message: 'reads the variable' },
          ],
        }
        break
      }
    }
  },
})

const OF_CRON: ReadonlySet<string> = new Set([
  'HOME',
  'LOGNAME',
  'USER',
  'SHELL',
  'PATH',
  'TZ',
  'LANG',
  'MAILTO',
])
/** What keeps the variables for the jobs, in one way or another. */
const WRITES =
  /\/etc\/environment|\bprintenv\b|\benv\s*[>|]|\bexport -p|\bdeclare -[px]|\/proc\/(?:1|self)\/environ|BASH_ENV|\bset\s*>/
const CRON =
  /(?:^|(?<=[;&|]\s*|\bexec\s|\bsudo\s))(?:\/usr\/sbin\/)?cron(?![\w./-])(?:\s+-f)?|\bservice\s+cron\s+start\b|\/etc\/init\.d\/cron\s+start\b/m

/** Where cron of Debian is started; that of BusyBox and of Red Hat is called crond. */
function cronIn(texts: readonly WrittenText[]): Place | null {
  for (const [index, text] of texts.entries()) {
    const match = CRON.exec(text.text)
    if (match === null) continue
    if (/^(?:\/usr\/sbin\/)?cron$/.test(text.text)) {
      const next = texts[index + 1]
      const at = placeOf(text)
      const isFront = next !== undefined && /^-f$/.test(next.text) && next.source === text.source
      // A word that only names it, such as a package, starts nothing.
      if (index > 0 && !STARTS.test(texts[index - 1]!.text)) continue
      return isFront ? { ...at, end: placeOf(next).end } : at
    }
    if (!/\s/.test(text.text.trim())) continue
    return placeOf(sliceWritten(text, match.index, match.index + match[0].length))
  }
  return null
}

const STARTS = /^(?:.*\/)?(?:exec|sudo|tini|dumb-init|--|-g|.*entry-?point[\w.-]*)$/

interface Job {
  readonly command: string
  readonly at: Place
  /** What the table sets. */
  readonly own: ReadonlySet<string>
}

/** The jobs of the tables that the container is seen to have. */
function* jobsOf(container: Container): Iterable<Job> {
  const { files, service, image } = container
  const tables = (files.list('/etc/cron.d') ?? []).map(({ name }) => `/etc/cron.d/${name}`)
  for (const path of [...tables, '/etc/crontab']) yield* jobsIn(sourceAt(files, path), true)
  const home = service.workingDirectory ?? image?.workingDirectory ?? null
  for (const step of buildSteps(container))
    for (const [, path = ''] of step.matchAll(/\bcrontab\s+(?:-u\s+\w+\s+)?([\w./-]*\/?[\w.-]+)/g))
      if (!path.startsWith('-'))
        yield* jobsIn(sourceAt(files, posix.resolve(home?.known === true ? home.value : '/', path)), false)
}

function jobsIn(source: Source | null, hasUser: boolean): readonly Job[] {
  if (source === null || source.template) return []
  const { jobs, variables } = readCrontab(source, hasUser)
  const own = new Set(variables.map(({ name }) => name))
  return jobs.map(({ command }) => ({ command: command.text, at: command.at, own }))
}

interface Read {
  readonly name: string
  readonly at: Place
  readonly isDemanded: boolean
}

/** A job, or a file, that has a way of its own to the variables. */
const OWN_WAY =
  /(?:^|[;&|]\s*)(?:\.|source)\s+\S|\bset\s+-a\b|dotenv|env-file|read_env|\/proc\/\d+\/environ|\benv\s+\$\(|env_file/m

function readBy(job: Job, container: Container, names: ReadonlySet<string>): Read | null {
  const { command, at } = job
  if (OWN_WAY.test(command)) return null
  const wanted = new Set([...names].filter(name => !job.own.has(name)))
  for (const [match, braced, plain] of command.matchAll(/\$(?:\{(\w+)\}|(\w+))/g)) {
    const name = braced ?? plain ?? ''
    if (wanted.has(name)) {
      const start = at.start + command.indexOf(match)
      return { name, at: { ...at, start, end: start + match.length }, isDemanded: false }
    }
  }
  for (const source of filesRun(command, container)) {
    if (OWN_WAY.test(source.code)) return null
    const read = readIn(source, wanted)
    if (read !== null) return read
  }
  return null
}

/** The scripts that a command names, and the settings of a project of Django. */
function filesRun(command: string, { files, image }: Container): readonly Source[] {
  const [, entered] = /\bcd\s+["']?(\/[\w./-]*)/.exec(command) ?? []
  const home = image?.workingDirectory
  const directory = entered ?? (home?.known === true ? home.value : '/')
  const found: Source[] = []
  for (const [word] of command.matchAll(/[\w./-]*\w\.(?:py|sh)\b|(?<![\w.>-])\/[\w./-]+/g)) {
    const path = posix.resolve(directory, word)
    const source = files.kind(path) === 'file' ? sourceAt(files, path) : null
    if (source === null) continue
    found.push(source, ...(posix.basename(path) === 'manage.py' ? settingsOf(source, path, files) : []))
  }
  return found
}

function settingsOf(manage: Source, path: string, files: FileSystem): readonly Source[] {
  const [, module] = /DJANGO_SETTINGS_MODULE["']\s*,\s*["']([\w.]+)["']/.exec(manage.code) ?? []
  if (module === undefined) return []
  const base = posix.join(posix.dirname(path), module.replaceAll('.', '/'))
  const source = sourceAt(files, `${base}.py`) ?? sourceAt(files, `${base}/__init__.py`)
  return source === null ? [] : [source]
}

function readIn(source: Source, wanted: ReadonlySet<string>): Read | null {
  const { code, path } = source
  const isPython = path.endsWith('.py')
  const pattern = isPython
    ? /^(?![ \t]*#).*?\b(?:os\.)?(?:environ\[\s*["'](\w+)["']\s*\]|(?:environ\.get|getenv)\(\s*["'](\w+)["']\s*\))/gm
    : /^(?![ \t]*#).*?\$(?:\{(\w+)\}|(\w+))/gm
  for (const match of code.matchAll(pattern)) {
    const name = match[1] ?? match[2] ?? ''
    if (
      !wanted.has(name) ||
      (!isPython && new RegExp(String.raw`\b${name}=|\bread\b.*\b${name}\b`).test(code))
    )
      continue
    const start = match.index + match[0].lastIndexOf(name)
    return {
      name,
      at: { source, start, end: start + name.length },
      isDemanded: isPython && match[1] !== undefined,
    }
  }
  return null
}
