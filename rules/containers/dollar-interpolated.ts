import type { ComposeVariable } from '../../parsers/compose/compose.ts'
import { placeText } from '../../parsers/text/source.ts'
import { type LostDollar, lostInCommand, lostInText, lostInValue } from './_lost-dollars.ts'
import { composeProjects } from './_compose-projects.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule, type RuleFinding } from '../../src/engine/rule.ts'
import { composeWith, siteTo } from './_examples.ts'

const tree = (lines: string, files: Record<string, string> = {}): Record<string, string> => ({
  'docker-compose.yml': composeWith({ web: lines }),
  'nginx/site.conf': siteTo('web:8000'),
  ...files,
})
const commanded = (command: string, web = ''): Record<string, string> => ({
  'docker-compose.yml': composeWith({ command, web }),
  'nginx/site.conf': siteTo('web:8000'),
})
const environment = (line: string): string => conf`
  environment:
    ${line}
`

export default defineRule({
  summary: 'Compose takes a part of a value for a variable, and fills in nothing',
  severity: 'error',
  otherSeverities: { warning: 'where a command asks for a variable of its own container' },
  confidence: 'high',
  since: '0.1.0',
  why: 'Compose fills in `$NAME` in every value, whatever quotes stand around it. A part of a password or of a hash that looks so is replaced by nothing (`The "zt8" variable is not set. Defaulting to a blank string`), and the application gets another secret than the one that was meant. Of a hash of bcrypt, `$2y$10$N9qo8…`, what stands behind the last dollar is lost, up to the first dot or slash, and `$_SERVER` of PHP leaves code that does not parse. A command gets nothing of the `environment` of its own service either: it is read before there is a container.',
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
    {
      title: 'the hash of a token',
      files: tree(environment("ADMIN_TOKEN: '«$argon2id»$v=19$m=65540,t=3,p=4$MmYZ$b9Lk'")),
    },
    {
      title: 'a hash in a command',
      files: commanded("--admin-password '$2y$05«$qFHAlNAH0A».6oCDe1/4W.ueCWC'"),
    },
    {
      title: 'code of PHP',
      files: tree(
        environment(conf`
          WORDPRESS_CONFIG_EXTRA: |
            define('WP_HOME', 'https://example.org');
            if (strpos(«$_SERVER»['HTTP_X_FORWARDED_PROTO'], 'https') !== false)
              $_SERVER['HTTPS'] = 'on';
        `),
      ),
    },
    {
      title: 'a name of a script in PHP',
      files: tree(environment("- \"WORDPRESS_CONFIG_EXTRA=«$redis_server» = ['host' => 'redis'];\"")),
    },
    {
      title: 'a line of nginx that a command writes',
      files: commanded(
        `sh -c "echo 'location / { try_files «$uri» /index.html; }' > /etc/nginx/app.conf && nginx"`,
      ),
    },
    {
      title: 'a loop of a shell',
      files: commanded('sh -c "for each in /data/*; do load «$each»; done"'),
    },
    {
      title: 'what a shell reads of a command',
      files: commanded('sh -c "token=$(cat /run/secrets/token); serve --token «$token»"'),
    },
    {
      title: 'a variable of the container in its own command',
      files: commanded('gunicorn --bind 0.0.0.0:«$APP_PORT» shop.wsgi', 'environment:\n  APP_PORT: 8000'),
    },
  ],
  good: [
    {
      title: 'a dollar in the quotes of a shell',
      files: {
        'deploy.sh': `docker run -d --name web -e 'SECRET_KEY=4k$zt8vq1n' registry.example.org/shop:1.4\n`,
      },
    },
    {
      title: 'code of PHP with two of them',
      files: tree(environment("WORDPRESS_CONFIG_EXTRA: \"$$_SERVER['HTTPS'] = 'on';\"")),
    },
    {
      title: 'a variable that Compose and the container have',
      files: commanded('gunicorn --bind 0.0.0.0:$APP_PORT shop.wsgi', 'environment:\n  APP_PORT: $APP_PORT'),
    },
    {
      title: 'a variable of Compose that the command hands on',
      files: commanded('sh -c "port=$port serve; wait $port"'),
    },
    {
      title: 'a loop with two of them',
      files: commanded('sh -c "for each in /data/*; do load $$each; done"'),
    },
    {
      title: 'a variable of the container for a shell',
      files: commanded(
        'sh -c "gunicorn --bind 0.0.0.0:$$APP_PORT shop.wsgi"',
        'environment:\n  APP_PORT: 8000',
      ),
    },
    {
      title: 'a variable that a file beside sets for Compose, too',
      files: {
        ...commanded('gunicorn --bind 0.0.0.0:$APP_PORT shop.wsgi', 'environment:\n  APP_PORT: 8000'),
        '.env.production': 'APP_PORT=8000\n',
      },
    },
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
    for (const container of composeProjects(deployment)) {
      const { services, configs, startedBy } = container.project
      if (startedBy !== 'compose') continue
      for (const service of services.values()) {
        for (const variable of [...service.environment, ...service.labels]) {
          const lost = lostInValue(variable)
          if (lost === null) yield* filledIn(variable)
          else yield found(lost)
        }
        for (const command of [service.command, service.entrypoint]) {
          if (command === null) continue
          const lost = lostInCommand(service, command, container)
          if (lost !== null) yield found(lost)
        }
      }
      for (const { content } of configs.values()) {
        const lost = content?.at == null ? null : lostInText(content.at)
        if (lost !== null) yield found(lost)
      }
    }
  },
})

function found({ at, kind }: LostDollar): RuleFinding {
  const name = placeText(at).replace(/^\$\{?|\}$/g, '')
  const isOwn = kind === 'variable of the container'
  return {
    at,
    ...(isOwn && { severity: 'warning' }),
    message: isOwn
      ? `Compose fills \`${name}\` in before there is a container with it, and has no such variable itself: Defaulting to a blank string`
      : `Compose takes this ${kind} for a variable of its own: The "${name}" variable is not set. Defaulting to a blank string`,
    label: 'filled in with nothing',
    help: isOwn
      ? `Write \`$$${name}\` in a command of a shell, or give \`.env\` the variable`
      : 'Write `$$` for every `$` of the text',
  }
}

const SECRETS = /SECRET|PASS|_KEY$|TOKEN|HASH|SALT|basicauth\.users/i

function* filledIn({ name, value, at }: ComposeVariable) {
  if (value === null || value.known || !SECRETS.test(name)) return
  const text = placeText(at)
  const begin = text.indexOf(name) + name.length
  // `$$` is a dollar; a name behind `:`, `@` or `/` is a part of its own.
  // No name begins with a digit: such a dollar stays.
  const match = /^(?:[^$]|\$[$\d])*?(?<![$:@/,\s"'=-])(\$([A-Za-z_]\w*))/.exec(text.slice(begin))
  const [whole = '', dollar = '', word] = match ?? []
  if (!looksRandom(word ?? '')) return
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
