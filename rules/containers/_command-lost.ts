import {
  lineStarts,
  lineText,
  type Place,
  placeText,
  positionAt,
  type Source,
} from '../../parsers/text/source.ts'
import { placeOf, wholeText, type WrittenText } from '../../parsers/text/written-text.ts'
import { followedCommands } from '../../src/deployment/setups/followed-commands.ts'
import { beginsAs } from '../../src/deployment/setups/preparing-commands.ts'
import type { Script, Started } from './_started-words.ts'

/** An entry point that ends, and never starts the command that it is given. */
export function* commandLost(container: Started, word: WrittenText, { source }: Script) {
  const command = commandGiven(container)
  if (command === null) return
  const last = lastOfShort(source, OF_SERVERS.test(command.text))
  if (last === null) return
  yield {
    at: last,
    message: `the script ends here and does not start \`${command.text}\`: the container ends with it`,
    label: 'no `exec "$@"` behind it',
    related: [
      { at: placeOf(word), message: 'the entry point' },
      { at: placeOf(command), message: 'the command, which is an argument of it' },
    ],
    help: 'Write `exec "$@"` at the end of the script',
  }
}

/** The first word of the command that Docker gives the entry point as an argument; null where it gives none. */
function commandGiven({ service, image }: Started): WrittenText | null {
  const own = service?.entrypoint ?? null
  if (own === null && image?.entrypoint?.form !== 'exec') return null
  if (service !== null && service.command !== null) return service.command.words[0] ?? null
  if (own !== null || image?.command == null) return null
  return image.command.form === 'exec' ? (image.command.words[0] ?? null) : image.command.script
}

/** What is done in a moment: commands of the shell, waiting, */
const SHORT = [
  'openssl envsubst sed cat grep curl wget tr awk usermod groupmod addgroup adduser [ [[ test set export unset local',
  'echo printf sleep cd source . true : exit mkdir chown chmod rm cp mv ln touch date done fi }',
  'nc pg_isready mysqladmin wait-for-it wait-for-it.sh',
].flatMap(names => names.split(' '))

/** and preparing an application. */
const PREPARES = Object.entries({
  'manage.py':
    'migrate makemigrations collectstatic check createcachetable compilemessages loaddata createsuperuser flush',
  'flask db': 'upgrade migrate init',
  alembic: 'upgrade',
  prisma: 'generate',
  'prisma migrate': 'deploy',
  'php artisan': 'migrate config:cache route:cache view:cache storage:link key:generate optimize',
}).flatMap(([program, verbs]) => verbs.split(' ').map(verb => `${program} ${verb}`))

/** The last command of a script all of whose commands end soon; null where one may go on, or uses what it is given. */
function lastOfShort(source: Source, isServer: boolean): Place | null {
  const { text } = source
  if (!/^#![^\n]*sh\b/.test(text) || /\$[@*1#]|\bexec\b|<<|\(\)|\bfunction\b|\beval\b|`/.test(text))
    return null
  let last: WrittenText | null = null
  let works = false
  for (const { words, first } of followedCommands([wholeText(source)])) {
    const prepares = beginsAs(words, PREPARES)
    // What a variable is set to may be what a command prints.
    const isShort = words.length > 0 ? beginsAs(words, SHORT) : !/\$\(/.test(placeText(placeOf(first)))
    if (!prepares && !isShort) return null
    works ||= prepares
    last = first
  }
  return last !== null && (works || isServer) ? lineOf(placeOf(last)) : null
}

function lineOf({ source, start }: Place): Place {
  const { line } = positionAt(source, start)
  const text = lineText(source, line)
  const begin = lineStarts(source)[line - 1]! + text.search(/\S/)
  return { source, start: begin, end: begin + text.trim().length }
}

/** Commands for which a container is made: none of them only prepares something. */
const OF_SERVERS =
  /^(?:\S*\/)?(?:nginx|httpd|httpd-foreground|apache2-foreground|apache2ctl|php-fpm[\d.]*|gunicorn|uvicorn|uwsgi|node|npm|puma|supervisord)(?:\s|$)/
