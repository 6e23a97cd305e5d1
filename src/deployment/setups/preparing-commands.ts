import { posix } from 'node:path'
import { isUnknownWord, placeText } from '../../../parsers/text/source.ts'
import { placeOf, type WrittenText } from '../../../parsers/text/written-text.ts'
import type { FollowedCommand } from './followed-commands.ts'

const lines = (text: string): readonly string[] => text.trim().split(/\s*\n\s*/)

/** Commands that get an application ready, and load nothing; `yarn` alone is one too. */
const PREPARES = lines(`
  pip install
  uv pip install
  uv sync
  poetry install
  pipenv install
  pipenv sync
  bundle install
  npm ci
  npm install
  npm run build
  yarn install
  yarn build
  pnpm install
  pnpm build
  pnpm run build
  manage.py migrate
  manage.py collectstatic
  manage.py compilemessages
  manage.py check
  manage.py createcachetable
  manage.py compress
  manage.py loaddata
  manage.py clearsessions
  manage.py makemigrations
  alembic upgrade
  flask db upgrade
  rails db:migrate
  rails assets:precompile
  rake db:migrate
  rake assets:precompile
`)

export function isPreparing({ words }: FollowedCommand): boolean {
  return saidBy(words) === 'yarn' || beginsAs(words, PREPARES)
}

/** True for a command that begins with one of these, such as `manage.py migrate`, whatever options it has. */
export function beginsAs(words: readonly WrittenText[], beginnings: readonly string[]): boolean {
  const said = `${saidBy(words)} `
  return beginnings.some(each => said.startsWith(`${each} `))
}

/** The program without its directory and version, and its words without the options. */
function saidBy(words: readonly WrittenText[]): string {
  const [program = '', ...args] = words.map(({ text }) => text)
  const name = posix.basename(program).replace(/(?<=^pip)[\d.]+$/, '')
  return [name, ...args.filter(text => !text.startsWith('-'))].join(' ')
}

const HARMLESS = new Set(
  `cd git echo printf set export readonly unset mkdir chmod chown ls pwd date true false exit rm deactivate sleep whoami
  id umask fi done } tee cat grep tail head ssh-keyscan ssh-add read shopt venv virtualenv [ [[`.split(/\s+/),
)
const SETS_VARIABLES = /(?:activate|\.env|nvm\.sh|\.bashrc|\.profile)$/

/** True for a command that neither brings code nor loads it. */
export function isHarmless({ words, assigned }: FollowedCommand): boolean {
  const [program, argument, ...others] = words
  // What another command prints may come of anything.
  if (program === undefined) return [...assigned.values()].every(value => !isUnknownWord(value))
  if (program.text === 'eval')
    return argument !== undefined && /^["']?(?:\$\(|`)ssh-agent/.test(placeText(placeOf(argument)))
  if (program.text === 'source' || program.text === '.')
    return argument !== undefined && others.length === 0 && SETS_VARIABLES.test(argument.text)
  return HARMLESS.has(posix.basename(program.text))
}

const BESIDE = new Set('cp mv ln test cut tr sort wc find df du free uptime trap until wait scp'.split(' '))

/** True for a command that leaves images and containers as they are, though it may change files. */
export function isHarmlessBeside({ words }: FollowedCommand): boolean {
  const [program, verb, unit] = words.map(({ text }) => text)
  if (program === 'systemctl')
    return (
      /^(?:status|reload|restart)$/.test(verb ?? '') &&
      /^(?:nginx|apache2|httpd|caddy)(?:\.service)?$/.test(unit ?? '')
    )
  if (program === 'curl')
    return words.some(({ text }) => /\/\/(?:localhost|127\.0\.0\.1)[:/]|\/health/.test(text))
  if (program === 'aws') return verb === 'ecr'
  return program !== undefined && BESIDE.has(posix.basename(program))
}
