import { posix } from 'node:path'
import { memo, memoByKey } from '../../parsers/collections/memo.ts'
import { isSlip } from '../../parsers/text/slip.ts'
import type { Place, Source } from '../../parsers/text/source.ts'
import type { Container } from '../../src/deployment/containers/container.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import { everyFileBelow, type FileSystem, sourceAt } from '../../src/files/file-system.ts'
import { serviceVariables } from '../../src/deployment/containers/service-variables.ts'

const tree = (
  code: string,
  environment: string,
  more: Record<string, string> = {},
): Record<string, string> => ({
  'docker-compose.yml': conf`
    services:
      api:
        build: ./api
        environment:
          ${environment}
      mongo:
        image: mongo:7
  `,
  'api/Dockerfile': conf`
    FROM node:22-slim
    WORKDIR /app
    COPY . .
    CMD ["node", "index.js"]
  `,
  'api/index.js': code,
  ...more,
})
const CODE = 'require("mongoose").connect(process.env.MONGO_URI)\n'

export default defineRule({
  summary: 'A container is given a variable by another name than its program reads',
  severity: 'warning',
  confidence: 'high',
  since: '0.1.0',
  why: 'Nothing complains of a variable that nobody reads. The program looks for its own name, finds nothing, and goes on with a default or ends: `The uri parameter to openUri() must be a string, got "undefined"`.',
  remedy: 'Write the variable by the name that the program reads',
  references: ['https://docs.docker.com/compose/how-tos/environment-variables/set-environment-variables/'],
  unproven: 'The live tests start no containers',
  bad: [
    { title: 'another ending', files: tree(CODE, '«MONGO_URL: mongodb://mongo/shop»') },
    {
      title: 'a letter that is missing, in Python',
      files: {
        ...tree('', '- «DATABSE_HOST=mongo»'),
        'api/main.py': 'import os\nhost = os.environ.get("DATABASE_HOST", "localhost")\n',
      },
    },
    {
      title: 'a word that is cut short',
      files: tree('connect(process.env.DB_PASSWORD)\n', '«DB_PASS: secret»'),
    },
  ],
  good: [
    { title: 'the name that is read', files: tree(CODE, 'MONGO_URI: mongodb://mongo/shop') },
    { title: 'both names', files: tree(CODE, 'MONGO_URI: mongodb://mongo/shop\nMONGO_URL: unused') },
    {
      title: 'a name that another file reads',
      files: tree(CODE, 'MONGO_URL: mongodb://mongo/shop', {
        'api/start.sh': '#!/bin/sh\nexport MONGO_URI=$MONGO_URL\nexec node index.js\n',
      }),
    },
    {
      title: 'a name that is put together',
      files: tree(`${CODE}const url = process.env[\`MONGO_\${kind}\`]\n`, 'MONGO_URL: mongodb://mongo/shop'),
    },
    { title: 'what a library reads', files: tree('listen(process.env.NODE_EN)\n', 'NODE_ENV: production') },
    {
      title: 'a file of variables that is not in the audit',
      files: {
        ...tree(CODE, 'MONGO_URL: mongodb://mongo/shop'),
        'docker-compose.yml': conf`
          services:
            api:
              build: ./api
              env_file: api.env
              environment:
                MONGO_URL: mongodb://mongo/shop
        `,
      },
    },
    {
      title: 'two things that are numbered',
      files: tree('a(process.env.NODE1_URL)\n', 'NODE2_URL: http://b'),
    },
    { title: 'two things of one server', files: tree('a(process.env.REDIS_PORT)\n', 'REDIS_HOST: redis') },
    { title: 'short names', files: tree('a(process.env.HOST)\n', 'PORT: "80"') },
  ],
  *check({ machines }) {
    for (const { container } of machines) {
      const given = container === null ? null : givenTo(container)
      if (container === null || given === null) continue
      const asked = container.service.environment.filter(
        ({ name }) => /^\w{6,}$/.test(name) && !OF_LIBRARIES.test(name),
      )
      const code = asked.length === 0 ? null : codeOf(container)
      if (code === null) continue
      for (const { name, at } of asked) {
        const word = new RegExp(`(?<!\\w)${name}(?!\\w)`)
        if (code.some(({ text }) => word.test(text))) continue
        const read = [...(readsOf(code) ?? [])].find(([each]) => !given.has(each) && isAlike(each, name))
        if (read === undefined) continue
        yield {
          at,
          message: `nothing in the image reads \`${name}\`, and \`${read[0]}\`, which \`${posix.basename(read[1].source.path)}\` reads, is not set`,
          label: 'read by nobody',
          related: [{ at: read[1], message: `\`${read[0]}\` is read here` }],
          help: `Write \`${read[0]}\``,
        }
      }
    }
  },
})

/** What runtimes, servers and libraries read by themselves. */
const OF_LIBRARIES =
  /^(?:NODE|NPM|npm|YARN|PYTHON|PIP|LANG|LC|TZ|PATH|HOME|USER|HOSTNAME|JAVA|JVM|SPRING|SERVER|MANAGEMENT|RAILS|RACK|RUBY|BUNDLE|GEM|GO|GIN|ASPNETCORE|DOTNET|DJANGO|FLASK|GUNICORN|UVICORN|UWSGI|WEB_CONCURRENCY|CELERY|NEXT|NUXT|NITRO|VITE|REACT|PUBLIC|WATCHPACK|CHOKIDAR|OTEL|AWS|GOOGLE|AZURE|SENTRY|DD|NEW_RELIC|PG|PRISMA|LETSENCRYPT|VIRTUAL|NGINX|PHP|APACHE|COMPOSER|APP|MAIL|QUEUE|CACHE|SESSION|LOG|BROADCAST|DEBUG|HTTP|HTTPS|NO_PROXY|http|https|no|PUID|PGID|UMASK|QUARKUS|MICRONAUT|ConnectionStrings)(?:_|$)/

/** The names that a container surely has; null where it may have others. */
function givenTo({ service, image, hostFiles }: Container): ReadonlySet<string> | null {
  if (image === null || !service.complete) return null
  const { variables, complete } = serviceVariables(service, hostFiles)
  if (!complete) return null
  return new Set([...variables, ...image.environment].map(({ name }) => name))
}

/** An application of more is one of which nobody knows what reads what. */
const MOST_FILES = 120
const TEXTS =
  /\.(?:[cm]?[jt]sx?|vue|svelte|py|rb|go|php|java|kt|rs|cs|ex|exs|sh|ya?ml|json|toml|ini|cfg|conf|env|properties|prisma|tpl|tmpl|j2|erb|sql|lua)$|^(?:Dockerfile|Makefile|Procfile|\.env[\w.-]*|[\w-]+)$/i
const READ =
  /process\.env\.([A-Z][A-Z0-9_]+)|(?:process\.env|os\.environ|ENV)\[\s*['"]([A-Z][A-Z0-9_]+)['"]|(?:os\.environ\.get|os\.getenv|ENV\.fetch|System\.getenv|os\.Getenv|os\.LookupEnv|env::var|config)\(\s*['"]([A-Z][A-Z0-9_]+)['"]/g
/** A name that the program puts together may be any. */
const COMPUTED =
  /process\.env\[(?!\s*['"])|environ\[(?!\s*['"])|(?:getenv|environ\.get|Getenv)\((?!\s*['"])|env_prefix|\bViper\b|viper|envconfig|nconf|convict/

/** The sources that an image is built of; null where they are too many. */
function codeOf({ service, hostFiles }: Container): readonly Source[] | null {
  const context = service.build?.context
  return context?.known === true && context.value.startsWith('/') ? codeIn(hostFiles, context.value) : null
}

const codeIn = memoByKey((files: FileSystem, directory: string): readonly Source[] | null => {
  // They are counted before the first is read.
  const paths = everyFileBelow(files, directory, {
    levels: 8,
    skipped: NOT_CODE,
    most: MOST_FILES,
    isWanted: name => TEXTS.test(name) && !OF_TOOLS.test(name),
  })
  if (paths === null) return null
  const sources = paths.flatMap(path => sourceAt(files, path) ?? [])
  return sources.length === paths.length ? sources : null
})

const NOT_CODE = /^(?:\.git|node_modules|tests?|__tests__|docs?|\.github)$/
const OF_TOOLS = /^package-lock\.json$|^docker-compose|^compose\.ya?ml$/

/** The names that programs read from their environment; null where they put names together. */
const readsOf = memo((sources: readonly Source[]): ReadonlyMap<string, Place> | null => {
  const reads = new Map<string, Place>()
  for (const source of sources) {
    if (COMPUTED.test(source.text)) return null
    for (const match of source.text.matchAll(READ)) {
      const name = match[1] ?? match[2] ?? match[3] ?? ''
      const start = match.index + match[0].lastIndexOf(name)
      if (!reads.has(name)) reads.set(name, { source, start, end: start + name.length })
    }
  }
  return reads
})

/** A slip in one word, an underscore, or a word that one of them has in full: `DB_PASS` and `DB_PASSWORD`. */
function isAlike(read: string, given: string): boolean {
  if (read.replaceAll('_', '') === given.replaceAll('_', '')) return true
  const [one, other] = [read.split('_'), given.split('_')]
  if (one.length !== other.length) return false
  const differing = one.flatMap((word, index) =>
    word === other[index] ? [] : [[word, other[index] ?? ''] as const],
  )
  const [first, ...others] = differing
  if (first !== undefined && others.length === 0 && isSlipOfWord(...first)) return true
  return (
    one.length > 1 && differing.every(pair => WORDS.some(words => pair.every(word => words.includes(word))))
  )
}

/** Of short words another one is a word of its own: `HOST` and `PORT`. */
function isSlipOfWord(one: string, other: string): boolean {
  const length = Math.min(one.length, other.length)
  return length >= 4 && isSlip(one, other, length >= 8 ? 2 : 1)
}

const WORDS: readonly (readonly string[])[] = [
  ['PASS', 'PASSWORD', 'PASSWD', 'PWD'],
  ['USER', 'USERNAME'],
  ['URL', 'URI'],
  ['HOST', 'HOSTNAME'],
  ['DB', 'DATABASE'],
  ['MONGO', 'MONGODB'],
  ['POSTGRES', 'POSTGRESQL'],
]
