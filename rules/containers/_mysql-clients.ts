import { posix } from 'node:path'
import { readPackageJson } from '../../parsers/javascript/package-json.ts'
import { matchedPlace, type Place } from '../../parsers/text/source.ts'
import type { Container } from '../../src/deployment/containers/container.ts'
import { sourceAt } from '../../src/files/file-system.ts'
import { containerVariables } from './_container-variables.ts'
import type { ModernMysql } from './_mysql-servers.ts'
import { installedPackages } from './_python-packages.ts'
import { codeOf } from './_says-in-code.ts'
import { buildSteps } from './_started-words.ts'

/** A client that cannot log in to MySQL as an account with `caching_sha2_password`. */
export interface OldClient {
  readonly name: string
  readonly said: string
  readonly at: Place
  /** What is done about it beside MySQL. */
  readonly help: string
}

/** What the program of a container cannot do, where it is sure that it talks to this MySQL. */
export function oldClient(container: Container, mysql: ModernMysql): OldClient | null {
  return (
    jdbcClient(container, mysql) ??
    (connects(container, mysql)
      ? (nodeClient(container) ?? phpClient(container) ?? pythonClient(container))
      : null)
  )
}

/** True where a variable of the container, or its code, names the MySQL as a host. */
function connects(container: Container, { names }: ModernMysql): boolean {
  const named = new RegExp(`(?:^|[@"'/(])(?:${names.join('|')})(?::\\d+)?(?:$|["'/?)])`, 'i')
  return (
    containerVariables(container).some(({ value }) => value?.known === true && named.test(value.value)) ||
    containerVariables(container).some(
      ({ value }) =>
        value?.known === false &&
        value.at !== null &&
        named.test(value.at.source.code.slice(value.at.start, value.at.end)),
    ) ||
    codeOf(container)?.some(({ code }) => hostIn(names).test(code)) === true
  )
}

/** A host in code: of a word like `mysql` alone it is not known what it means. */
const hostIn = (names: readonly string[]): RegExp =>
  new RegExp(`(?:host\\w*["']?\\s*[:=]\\s*(?:[^,;\\n]*["'])?|@)(?:${names.join('|')})(?::\\d+)?["'/]`, 'i')

/**
 * The package `mysql` of Node.js, whose last release is 2.18.
 *
 * @see https://github.com/mysqljs/mysql/pull/2233
 */
function nodeClient(container: Container): OldClient | null {
  const { service, hostFiles } = container
  const context = service.build?.context
  const homes = [
    ...(context?.known === true ? [context.value] : []),
    ...container.mounts.flatMap(({ path, from }) => (from === 'volumes' ? (path ?? []) : [])),
  ]
  const source = homes
    .map(home => sourceAt(hostFiles, posix.join(home, 'package.json')))
    .find(each => each !== null)
  if (source == null) return null
  const { dependencies } = readPackageJson(source)
  const written = /["']mysql["']\s*:\s*["']([\^~]?2(?:\.[\dx*]+){0,2}|\*|latest)["']/.exec(source.code)
  if (written === null || !dependencies.has('mysql')) return null
  const code = codeOf(container)?.filter(({ path }) => /\.[cm]?[jt]sx?$/.test(path)) ?? []
  const uses = code.some(({ code: text }) => USES_MYSQL.test(text))
  const isOther = code.some(({ code: text }) => /["']mysql2(?:\/\w+)?["']/.test(text))
  if (!uses || isOther) return null
  const start = written.index
  return {
    name: 'the package `mysql` of Node.js',
    said: 'ER_NOT_SUPPORTED_AUTH_MODE: Client does not support authentication protocol requested by server',
    at: { source, start, end: start + '"mysql"'.length },
    help: 'Use the package `mysql2`, which has the same calls',
  }
}

/** What opens a connection by it: the package itself, or knex. */
const USES_MYSQL = /(?:require\(\s*|\bfrom\s+)["']mysql["']|\bclient\s*:\s*["']mysql["']/

/**
 * PHP before 7.4, by its image.
 *
 * @see https://www.php.net/manual/en/mysqli.requirements.php
 */
function phpClient({ base, reference, image, service }: Container): OldClient | null {
  const [, tag] = /^(?:library\/)?php:(5(?:\.\d+)*|7\.[0-3](?:\.\d+)?)(?:-|$)/.exec(reference ?? '') ?? []
  const fact = image?.base ?? service.image
  if (base !== 'php' || tag === undefined || image === null || fact?.at == null) return null
  const isInstalled = buildSteps({ image }).some(step =>
    /docker-php-ext-install[^&|;]*\b(?:mysqli|pdo_mysql)\b/.test(step),
  )
  return isInstalled
    ? {
        name: `PHP ${tag}`,
        said: 'The server requested authentication method unknown to the client [caching_sha2_password]',
        at: fact.at,
        help: 'Use PHP 7.4 or newer',
      }
    : null
}

/** PyMySQL and aiomysql without `cryptography`, by which the password is sent. */
function pythonClient(container: Container): OldClient | null {
  const packages = installedPackages(container, true)
  const name = ['pymysql', 'aiomysql'].find(each => packages?.has(each) === true)
  if (packages === null || name === undefined || container.image === null) return null
  if (![...packages].every(each => WITHOUT_CRYPTOGRAPHY.test(each))) return null
  const code = codeOf(container)
  // With TLS the password is sent as it is.
  if (code === null || code.some(({ code: text }) => /\bssl(?:_\w+)?\b/i.test(text))) return null
  if (buildSteps(container).some(step => /cryptography/.test(step))) return null
  const requirements = [...code, ...listsOf(container)].find(({ path }) =>
    /requirements[^/]*\.txt$/.test(path),
  )
  const found = requirements === undefined ? null : /^(?:pymysql|aiomysql)\b/im.exec(requirements.code)
  const at =
    requirements === undefined || found === null
      ? container.image.stage.at
      : matchedPlace(requirements, found)
  return {
    name: name === 'pymysql' ? 'PyMySQL without `cryptography`' : 'aiomysql without `cryptography`',
    said: "RuntimeError: 'cryptography' package is required for sha256_password or caching_sha2_password auth methods",
    at,
    help: 'Install `PyMySQL[rsa]`, which brings `cryptography`',
  }
}

function listsOf({ service, hostFiles }: Container) {
  const context = service.build?.context
  if (context?.known !== true) return []
  return (hostFiles.list(context.value) ?? []).flatMap(({ name, kind }) =>
    kind === 'file' && /^requirements[^/]*\.txt$/.test(name)
      ? (sourceAt(hostFiles, posix.join(context.value, name)) ?? [])
      : [],
  )
}

/** Packages of which it is known that they do not bring `cryptography`. */
const WITHOUT_CRYPTOGRAPHY =
  /^(?:pymysql|aiomysql|django|flask|jinja2|werkzeug|sqlalchemy|sqlmodel|alembic|mako|greenlet|redis|hiredis|celery|kombu|amqp|billiard|vine|requests|httpx|httpcore|h11|anyio|sniffio|pillow|whitenoise|python-dotenv|python-decouple|environs|dj-database-url|boto3|botocore|pydantic|pydantic-core|pydantic-settings|annotated-types|fastapi|starlette|uvicorn|uvicorn\[standard\]|databases|databases\[(?:aiomysql|mysql)\]|passlib|bcrypt|python-multipart|markdown|pytz|tzdata|sqlparse|asgiref|djangorestframework|django-(?:cors-headers|filter|extensions|environ|debug-toolbar|redis)|flask-(?:sqlalchemy|migrate|cors|login|wtf|restful|marshmallow|mail|bcrypt|caching|restx|socketio|script)|gunicorn|gevent|eventlet|numpy|pandas|pytest|pytest-\w+|coverage|black|isort|flake8|ruff|mypy|click|itsdangerous|markupsafe|blinker|typing-extensions|apscheduler|loguru|orjson|aiohttp|urllib3|certifi|idna|charset-normalizer|chardet|six|packaging|setuptools|wheel|pip|beautifulsoup4|lxml|openpyxl|faker|marshmallow|marshmallow-sqlalchemy|email-validator|wtforms|pyyaml|python-dateutil|zipp|importlib-metadata|importlib-resources|dnspython|prometheus-client|pyjwt)$/

const JDBC = /^jdbc:mysql:\/\/([\w.-]+)(?::\d+)?(?:\/[\w$-]*)?\?(\S*)$/

/**
 * Connector/J in plain text, which may not ask for the public key by which the password is sent.
 *
 * @see https://dev.mysql.com/doc/connector-j/en/connector-j-connp-props-security.html
 */
function jdbcClient(container: Container, { names, service }: ModernMysql): OldClient | null {
  for (const { value, name } of containerVariables(container)) {
    if (value?.known !== true || value.at === null) continue
    const [, host = '', query = ''] = JDBC.exec(value.value) ?? []
    if (
      !names.includes(host.toLowerCase()) ||
      !/(?:^|&)(?:useSSL=false|sslMode=DISABLED)(?:&|$)/i.test(query)
    )
      continue
    if (/allowPublicKeyRetrieval=true|serverRSAPublicKeyFile|authenticationPlugins|[$\0\uFFFD]/i.test(query))
      continue
    // Who logs in before in another way leaves the server with what it needs.
    const check = service.healthcheck?.words.map(({ text }) => text).join(' ') ?? ''
    if (/(?:^|\s)(?:-p|--password)/.test(check)) continue
    return {
      name: 'Connector/J without TLS',
      said: 'Public Key Retrieval is not allowed',
      at: value.at,
      help: `Write \`allowPublicKeyRetrieval=true\` in \`${name}\`, or leave \`useSSL=false\` out`,
    }
  }
  return null
}
