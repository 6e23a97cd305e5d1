import type { PythonExpression } from '../../parsers/python/python-module.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import { djangoBehindNginx } from './_examples.ts'
import { djangoProjects } from './_projects.ts'
import { settingPlace } from './_setting-entries.ts'

const project = (logging: string): Record<string, string> =>
  djangoBehindNginx({
    settings: conf`
      ALLOWED_HOSTS = ["example.org", "web"]
      ${logging}
    `,
  })
const logging = ({
  version = '"version": 1,',
  handler = '"class": "logging.StreamHandler", "formatter": "plain"',
  root = '"handlers": ["console"], "level": "INFO"',
}: {
  readonly version?: string
  readonly handler?: string
  readonly root?: string
} = {}): string => conf`
  LOGGING = {
      ${version}
      "disable_existing_loggers": False,
      "filters": {"live": {"()": "django.utils.log.RequireDebugFalse"}},
      "formatters": {"plain": {"format": "%(levelname)s %(message)s"}},
      "handlers": {
          "console": {${handler}},
      },
      "root": {${root}},
  }
`

export default defineRule({
  summary: 'Python refuses what LOGGING says, so Django does not start',
  severity: 'error',
  confidence: 'high',
  since: '0.1.0',
  why: 'Django gives `LOGGING` to `logging.config.dictConfig()` before it does anything else. A logger whose handler is not among `handlers`, a formatter or filter that nobody defines, a level that does not exist, a class that lies in `logging.handlers` and not in `logging`, and a dictionary without its `version` raise ValueError there: no worker boots, and `manage.py` stops.',
  remedy: 'Name what the dictionary defines, or define it there',
  references: [
    'https://docs.python.org/3/library/logging.config.html#logging-config-dictschema',
    'https://docs.djangoproject.com/en/stable/topics/logging/#configuring-logging',
  ],
  bad: [
    {
      title: 'a handler that is not there',
      files: project(logging({ root: '"handlers": ["console", «"file"»], "level": "INFO"' })),
    },
    {
      title: 'a formatter that is not there',
      files: project(logging({ handler: '"class": "logging.StreamHandler", "formatter": «"verbose"»' })),
    },
    {
      title: 'a filter that is not there',
      files: project(logging({ handler: '"class": "logging.StreamHandler", "filters": [«"quiet"»]' })),
    },
    {
      title: 'a level in small letters',
      files: project(logging({ root: '"handlers": ["console"], "level": «"info"»' })),
    },
    {
      title: 'a class of logging.handlers',
      files: project(
        logging({ handler: '"class": «"logging.RotatingFileHandler"», "filename": "/var/log/shop.log"' }),
      ),
    },
    {
      title: 'handlers as a text',
      files: project(logging({ root: '"handlers": «"console"», "level": "INFO"' })),
    },
    {
      title: 'no version',
      files: project(logging({ version: '' }).replace('LOGGING = {', '«LOGGING» = {')),
    },
    {
      title: 'another version',
      files: project(logging({ version: '"version": «2»,' })),
    },
  ],
  good: [
    {
      title: 'what other code completes, before Django knew of it',
      files: project('LOGGING = {"loggers": {}}\n'),
    },
    { title: 'all of it is there', files: project(logging()) },
    {
      title: 'levels of the project, numbers, and what Django defines',
      files: project(
        logging({
          handler: '"class": "logging.handlers.WatchedFileHandler", "filename": "/tmp/shop.log", "level": 15',
          root: '"handlers": ["console"], "level": "WARN"',
        }),
      ),
    },
    {
      title: 'a handler that is added later',
      files: project(conf`
        ${logging({ root: '"handlers": ["console", "file"]' })}
        LOGGING["handlers"]["file"] = {"class": "logging.NullHandler"}
      `),
    },
    {
      title: 'handlers from elsewhere',
      files: project(conf`
        from shop.logs import HANDLERS
        ${logging({ root: '"handlers": ["console", "file"]' }).replace('"handlers": {', '"handlers": {**HANDLERS,')}
      `),
    },
    { title: 'nothing', files: project('LOGGING = {}') },
    {
      title: 'nobody reads it',
      files: project(conf`
        LOGGING_CONFIG = None
        ${logging({ root: '"handlers": ["file"]' })}
      `),
    },
    {
      title: 'additions to what stands already',
      files: project(
        logging({ version: '"version": 1, "incremental": True,', root: '"handlers": ["file"]' }),
      ),
    },
  ],
  *check(deployment) {
    for (const { settings } of djangoProjects(deployment)) {
      if (settings.names.has('LOGGING_CONFIG')) continue
      const assigned = settings.expressionOf('LOGGING')
      const outer = assigned === null ? null : toDictionary(assigned.expression)
      // Django configures nothing where the setting is empty.
      if (assigned === null || outer === null || outer.size === 0) continue
      for (const { at, label, said, help } of faultsOf(outer)) {
        const place =
          at === null
            ? settingPlace(settings, 'LOGGING')
            : { source: assigned.source, start: at.start, end: at.end }
        if (place === null) continue
        yield {
          at: place,
          message: `Django does not start: ${said}`,
          label,
          ...(help !== undefined && { help }),
        }
      }
    }
  },
})

interface Fault {
  /** Null for the setting as a whole. */
  readonly at: PythonExpression | null
  /** The words of Python. */
  readonly said: string
  readonly label: string
  readonly help?: string
}

/** The entries of a dictionary of which each key is known. */
type Dictionary = ReadonlyMap<string, PythonExpression>

function toDictionary(expression: PythonExpression | undefined): Dictionary | null {
  if (expression?.kind !== 'dict' || !expression.complete) return null
  const entries = new Map<string, PythonExpression>()
  for (const { key, value } of expression.entries) {
    if (key.kind !== 'string') return null
    entries.set(key.value, value)
  }
  return entries
}

function* faultsOf(outer: Dictionary): Generator<Fault> {
  const version = outer.get('version')
  // One with nothing to log to is what code of the project makes a dictionary of.
  if (version === undefined && (outer.has('handlers') || outer.has('root')))
    yield {
      at: null,
      said: "dictionary doesn't specify a version",
      label: 'no `version`',
      help: 'Write `"version": 1`',
    }
  else if (version?.kind === 'number' && version.value !== 1)
    yield { at: version, said: `Unsupported version: ${version.value}`, label: 'not 1', help: 'Write `1`' }
  if (outer.has('incremental')) return
  const names = (key: string): ReadonlySet<string> | null => {
    const entry = outer.get(key)
    const inside = entry === undefined ? new Map<string, PythonExpression>() : toDictionary(entry)
    return inside === null ? null : new Set(inside.keys())
  }
  const filters = names('filters')
  const formatters = names('formatters')
  const handlers = names('handlers')
  for (const [name, entry] of toDictionary(outer.get('handlers')) ?? []) {
    const handler = toDictionary(entry)
    if (handler === null) continue
    const failure = `Unable to configure handler '${name}'`
    yield* level(handler.get('level'), failure)
    yield* className(handler.get('class'), failure)
    yield* unknown(handler.get('formatter'), formatters, 'formatter', failure)
    yield* unknownOf(handler.get('filters'), filters, 'filter', failure)
  }
  const root = toDictionary(outer.get('root'))
  const loggers = toDictionary(outer.get('loggers')) ?? new Map<string, PythonExpression>()
  for (const [name, logger] of [
    ...(root === null ? [] : [[null, root] as const]),
    ...[...loggers].map(([each, entry]) => [each, toDictionary(entry)] as const),
  ]) {
    if (logger === null) continue
    const failure = name === null ? 'Unable to configure root logger' : `Unable to configure logger '${name}'`
    yield* level(logger.get('level'), failure)
    yield* unknownOf(logger.get('handlers'), handlers, 'handler', failure)
    yield* unknownOf(logger.get('filters'), filters, 'filter', failure)
  }
}

function* unknownOf(
  list: PythonExpression | undefined,
  known: ReadonlySet<string> | null,
  kind: string,
  failure: string,
): Generator<Fault> {
  // Python takes each letter of a text for a name.
  if (list?.kind === 'string' && list.value.length > 1)
    yield { at: list, said: failure, label: 'a text, not a list', help: `Write \`["${list.value}"]\`` }
  if (list?.kind !== 'list') return
  for (const item of list.items) yield* unknown(item, known, kind, failure)
}

function* unknown(
  name: PythonExpression | undefined,
  known: ReadonlySet<string> | null,
  kind: string,
  failure: string,
): Generator<Fault> {
  if (name?.kind !== 'string' || known === null || known.has(name.value)) return
  yield { at: name, said: `${failure}: \`${kind}s\` has no \`${name.value}\``, label: `no such ${kind}` }
}

const LEVELS = ['CRITICAL', 'FATAL', 'ERROR', 'WARNING', 'WARN', 'INFO', 'DEBUG', 'NOTSET']

/** A name of its own may be a level that the project adds; one in small letters is hardly. */
function* level(written: PythonExpression | undefined, failure: string): Generator<Fault> {
  if (written?.kind !== 'string' || LEVELS.includes(written.value)) return
  const meant = LEVELS.find(each => each === written.value.trim().toUpperCase())
  if (meant !== undefined)
    yield {
      at: written,
      said: `${failure}: Unknown level: '${written.value}'`,
      label: 'no level',
      help: `Write \`${meant}\``,
    }
}

const IN_LOGGING: ReadonlySet<string> = new Set(['StreamHandler', 'FileHandler', 'NullHandler', 'Handler'])
const IN_HANDLERS: ReadonlySet<string> = new Set([
  'BaseRotatingHandler',
  'BufferingHandler',
  'DatagramHandler',
  'HTTPHandler',
  'MemoryHandler',
  'NTEventLogHandler',
  'QueueHandler',
  'RotatingFileHandler',
  'SMTPHandler',
  'SocketHandler',
  'SysLogHandler',
  'TimedRotatingFileHandler',
  'WatchedFileHandler',
])

function* className(written: PythonExpression | undefined, failure: string): Generator<Fault> {
  const [, module, name = ''] =
    written?.kind === 'string' ? (/^(logging(?:\.handlers?)?)\.(\w+)$/.exec(written.value) ?? []) : []
  if (written === undefined || module === undefined) return
  const has = module === 'logging' ? IN_LOGGING : module === 'logging.handlers' ? IN_HANDLERS : null
  if (has?.has(name) === true) return
  const home = IN_LOGGING.has(name) ? 'logging' : IN_HANDLERS.has(name) ? 'logging.handlers' : null
  yield {
    at: written,
    said: `${failure}: \`${module}\` has no \`${name}\``,
    label: 'no such class',
    ...(home !== null && { help: `Write \`${home}.${name}\`` }),
  }
}
