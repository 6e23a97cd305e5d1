import { closingBracket } from '../../parsers/python/closing-bracket.ts'
import type { Place, Source } from '../../parsers/text/source.ts'
import { importedNames } from '../../src/deployment/django/imported-names.ts'
import { type FileSystem, sourceAt } from '../../src/files/file-system.ts'

/** A package that nothing else brings, and without which an application does not do what it says. */
export interface NeededPackage {
  /** Any of which will do; the first is the one to add. */
  readonly packages: readonly string[]
  readonly at: Place
  readonly says: string
}

/** Packages that bring others, with the extra that does. */
const BRINGS: ReadonlyMap<string, readonly string[]> = new Map([
  [
    'fastapi[standard]',
    ['python-multipart', 'jinja2', 'email-validator', 'websockets', 'httpx', 'pydantic-settings'],
  ],
  [
    'fastapi[all]',
    ['python-multipart', 'jinja2', 'email-validator', 'websockets', 'itsdangerous', 'pydantic-settings'],
  ],
  ['starlette[full]', ['python-multipart', 'jinja2', 'itsdangerous']],
  ['uvicorn[standard]', ['websockets']],
  ['pydantic[email]', ['email-validator']],
  ['flask', ['jinja2', 'itsdangerous']],
  ['hypercorn', ['wsproto']],
  ['python-socketio', ['wsproto']],
  ['python-engineio', ['wsproto']],
  ['simple-websocket', ['wsproto']],
])

/** Packages, and extras, that bring none of those that are looked for here. */
const LEAVES =
  /^(?:fastapi|starlette|uvicorn|gunicorn|uvloop|httptools|watchfiles|anyio|sniffio|h11|idna|click|colorama|certifi|charset-normalizer|urllib3|requests|httpx|httpcore|pydantic|pydantic-core|pydantic-settings|annotated-types|annotated-doc|typing-extensions|typing-inspection|exceptiongroup|python-dotenv|pyyaml|sqlalchemy(?:\[asyncio\])?|sqlmodel|greenlet|alembic|mako|markupsafe|asyncpg|psycopg2?|psycopg2-binary|psycopg-binary|psycopg-pool|psycopg\[(?:binary|pool|c)\]|aiosqlite|aiomysql|pymysql|mysqlclient|mysql-connector-python|databases|pymongo|motor|beanie|dnspython|redis|hiredis|aioredis|celery(?:\[redis\])?|kombu|billiard|vine|amqp|pika|aio-pika|python-jose(?:\[cryptography\])?|pyjwt|ecdsa|rsa|pyasn1|cryptography|cffi|pycparser|passlib(?:\[bcrypt\])?|bcrypt|argon2-cffi|six|python-dateutil|pytz|tzdata|numpy|pandas|scipy|scikit-learn|joblib|threadpoolctl|pillow|openpyxl|aiofiles|loguru|structlog|python-json-logger|prometheus-client|sentry-sdk|slowapi|limits|tenacity|orjson|ujson|boto3|botocore|s3transfer|jmespath|aiosmtplib|apscheduler|tzlocal|pytest|pytest-asyncio|pytest-cov|coverage|black|isort|flake8|ruff|mypy|pre-commit|setuptools|wheel|pip|packaging|jinja2|itsdangerous|python-multipart|email-validator|websockets|wsproto|dnspython|beautifulsoup4|lxml|qrcode|python-slugify|xmltodict|faker|psutil)$/

/** What is there where these are installed; null where one of them may bring any. */
export function packagesBrought(installed: ReadonlySet<string>): ReadonlySet<string> | null {
  if (![...installed].every(name => LEAVES.test(name) || BRINGS.has(name))) return null
  return new Set([...installed].flatMap(name => [name, ...(BRINGS.get(name) ?? [])]))
}

/** What the code of one file needs of packages that FastAPI leaves to those who use them. */
export function* neededBy(files: FileSystem, path: string): Iterable<NeededPackage> {
  const source = sourceAt(files, path)
  if (source === null) return
  const code = bareCode(source)
  const imports = importedNames(files, path)
  const imported = (modules: RegExp, name: string): Place | null =>
    imports.find(each => each.name === name && modules.test(each.module))?.at ?? null
  for (const name of ['UploadFile', 'Form', 'File', 'OAuth2PasswordRequestForm']) {
    if (imported(/^fastapi(?:\.(?:param_functions|security(?:\.oauth2)?))?$/, name) === null) continue
    const at = parameterOfRoute(source, code, name)
    if (at !== null)
      yield {
        packages: ['python-multipart'],
        at,
        says: 'Form data requires "python-multipart" to be installed',
      }
  }
  if (imported(/^(?:fastapi|starlette)\.templating$/, 'Jinja2Templates') !== null) {
    const at = match(source, code, /^\w+\s*(?::[^=\n]+)?=\s*(Jinja2Templates)\(/m)
    if (at !== null)
      yield { packages: ['jinja2'], at, says: 'jinja2 must be installed to use Jinja2Templates' }
  }
  const session = imported(/^(?:fastapi|starlette)\.middleware\.sessions$/, 'SessionMiddleware')
  if (session !== null)
    yield { packages: ['itsdangerous'], at: session, says: "No module named 'itsdangerous'" }
  if (imported(/^pydantic(?:\.networks)?$/, 'EmailStr') !== null) {
    const at = match(source, code, /^[ \t]+\w+\s*:\s*(?:Optional\[\s*)?(EmailStr)\b/m)
    if (at !== null) yield { packages: ['email-validator'], at, says: 'email-validator is not installed' }
  }
}

/** The first route for WebSockets of a file. */
export function websocketRoute(files: FileSystem, path: string): Place | null {
  const source = sourceAt(files, path)
  return source === null
    ? null
    : match(source, bareCode(source), /^@\w+\.(websocket)\(|^\s*(?:routes\s*=.*)?\b(WebSocketRoute)\(/m)
}

/** Strings of several lines and comments may hold anything. */
function bareCode({ code }: Source): string {
  return code.replace(/("""|''')[\s\S]*?\1|#[^\n]*/g, text => text.replace(/[^\n]/g, ' '))
}

function match(source: Source, code: string, pattern: RegExp): Place | null {
  const found = pattern.exec(code)
  const word = found?.[1] ?? found?.[2]
  if (found === null || word === undefined) return null
  const start = found.index + found[0].lastIndexOf(word)
  return { source, start, end: start + word.length }
}

/** Where a route of the top level takes a parameter of a name. */
function parameterOfRoute(source: Source, code: string, name: string): Place | null {
  const route = /^@\w+\.(?:post|put|patch|delete|api_route)\(/gm
  for (let found = route.exec(code); found !== null; found = route.exec(code)) {
    const definition = /^(?:async[ \t]+)?def[ \t]+\w+\(/m.exec(code.slice(found.index))
    if (definition === null) return null
    const from = found.index + definition.index + definition[0].length
    const parameters = code.slice(from, closingBracket(code, from - 1) ?? code.length)
    const used = new RegExp(`\\b${name}\\b`).exec(parameters)
    if (used !== null) {
      const start = from + used.index
      return { source, start, end: start + name.length }
    }
  }
  return null
}
