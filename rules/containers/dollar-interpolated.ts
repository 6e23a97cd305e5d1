import type { ComposeVariable } from '../../parsers/compose/compose.ts'
import { placeText } from '../../parsers/text/source.ts'
import { composeServices } from './_compose-projects.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import { composeWith, siteTo } from './_examples.ts'

const tree = (lines: string, files: Record<string, string> = {}): Record<string, string> => ({
  'docker-compose.yml': composeWith({ web: lines }),
  'nginx/site.conf': siteTo('web:8000'),
  ...files,
})
const environment = (line: string): string => conf`
  environment:
    ${line}
`

export default defineRule({
  summary: 'Compose takes a part of a secret for a variable',
  severity: 'error',
  confidence: 'high',
  since: '0.1.0',
  why: 'Compose fills in `$NAME` in every value, whatever quotes stand around it. A part of a password or of a hash that looks so is replaced by nothing (`The "zt8" variable is not set. Defaulting to a blank string`), and the application gets another secret than the one that was meant. Of a hash of bcrypt, `$2y$10$N9qo8…`, all that stands behind the last dollar is lost.',
  remedy: 'Write `$$` for every `$` of the value',
  references: [
    'https://docs.docker.com/reference/compose-file/interpolation/',
    'https://doc.traefik.io/traefik/middlewares/http/basicauth/',
  ],
  unproven: 'The live tests start no containers: Compose prints the warning while it reads the file',
  bad: [
    { title: 'a secret key', files: tree(environment('SECRET_KEY: "4k«$zt8vq1n»"')) },
    { title: 'a password in a list', files: tree(environment('- DB_PASSWORD=pa«$word9»')) },
    {
      title: 'a hash of htpasswd for Traefik',
      files: tree(
        'labels:\n  - traefik.http.middlewares.auth.basicauth.users=admin:«$apr1»$H6uskkkW$IgXLP6ewTrSuBkTrqE8wj/',
      ),
    },
    {
      title: 'a hash of bcrypt',
      files: tree(environment('ADMIN_PASSWORD_HASH: $2y$10«$N9qo8uLOickgx2ZMRZoMye»')),
    },
  ],
  good: [
    { title: 'two of them', files: tree(environment('SECRET_KEY: "4k$$zt8vq1n"')) },
    {
      title: 'digits behind a dollar, which Compose leaves as they are',
      files: tree(environment('DB_PASSWORD: pa$1word$9')),
    },
    { title: 'a variable', files: tree(environment('SECRET_KEY: $SECRET_KEY')) },
    { title: 'a variable in the middle', files: tree(environment('DB_PASSWORD: prefix-${SUFFIX}')) },
    {
      title: 'variables of a URL',
      files: tree(environment('DATABASE_PASS_URL: postgres://$user:$password@db/shop')),
    },
    {
      title: 'a variable of the project',
      files: tree(environment('SECRET_KEY: "4k$zt8vq1n"'), { '.env': 'zt8vq1n=abc\n' }),
    },
    { title: 'what is no secret', files: tree(environment('GREETING: costs 5$apiece')) },
  ],
  *check(deployment) {
    for (const service of composeServices(deployment)) {
      for (const variable of [...service.environment, ...service.labels]) yield* filledIn(variable)
    }
  },
})

const SECRETS = /SECRET|PASS|_KEY$|TOKEN|HASH|SALT|basicauth\.users/i

function* filledIn({ name, value, at }: ComposeVariable) {
  if (value === null || value.known || !SECRETS.test(name)) return
  const text = placeText(at)
  const begin = text.indexOf(name) + name.length
  // `$$` is a dollar; a name behind `:`, `@` or `/` is a part of its own.
  // No name begins with a digit: such a dollar stays.
  const found = /^(?:[^$]|\$[$\d])*?(?<![$:@/,\s"'=-])(\$([A-Za-z_]\w*))/.exec(text.slice(begin))
  const first = /^(?:[^$]|\$\$)*?(\$apr1)(?=\$)/.exec(text.slice(begin))
  const match = first ?? found
  const [whole = '', dollar = '', word] = match ?? []
  if (match === null || (first === null && !looksRandom(word ?? ''))) return
  const start = at.start + begin + whole.length - dollar.length
  yield {
    at: { source: at.source, start, end: start + dollar.length },
    message:
      'Compose takes what begins with this `$` for a variable, which is not set, so the value loses it: Defaulting to a blank string',
    label: 'filled in with nothing',
  }
}

/** Letters and digits in no order of a word: names of variables that people choose are one case throughout. */
function looksRandom(name: string): boolean {
  return !/^[A-Z_][A-Z0-9_]*$/.test(name) && /\d|[a-z][A-Z]/.test(name)
}
