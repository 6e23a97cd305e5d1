import { posix } from 'node:path'
import { parseDotenv } from '../../parsers/dotenv/parse-dotenv.ts'
import type { ComposeService } from '../../parsers/compose/compose.ts'
import { type Place, placeText } from '../../parsers/text/source.ts'
import type { Container } from '../../src/deployment/containers/container.ts'
import type { Deployment } from '../../src/deployment/model.ts'
import { toldTexts } from '../../src/deployment/setups/told-texts.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import { type FileSystem, sourceAt } from '../../src/files/file-system.ts'
import { composeProjects } from './_compose-projects.ts'
import { composeWith, siteTo } from './_examples.ts'
import { filesOfVariables } from './_lost-dollars.ts'

const project = (
  lines: string,
  files: Readonly<Record<string, string>> = { 'app.env': 'SITE_HOST=shop.example.org\nWORKERS=4\n' },
  more = '',
): Record<string, string> => ({
  'docker-compose.yml': composeWith({
    web: conf`
      env_file: app.env
      ${lines}
    `,
    more,
  }),
  'nginx/site.conf': siteTo('web:8000'),
  ...files,
})

export default defineRule({
  summary: 'Compose fills in no variable of `env_file`, which is for the container',
  severity: 'warning',
  confidence: 'medium',
  since: '0.1.0',
  why: 'What stands as `${NAME}` in a compose file Compose fills in itself, before there is a container: from the shell that starts it, from `.env` beside the file, and from what `--env-file` names. The variables of `env_file` are set in the container alone. Compose warns that `The "NAME" variable is not set. Defaulting to a blank string`, and goes on: a rule of Traefik becomes ``Host(``)``, and a URL has no host.',
  remedy: 'Call the file `.env`, which Compose reads, or start with `docker compose --env-file app.env`',
  references: [
    'https://docs.docker.com/compose/how-tos/environment-variables/variable-interpolation/',
    'https://docs.docker.com/reference/compose-file/services/#env_file',
  ],
  unproven: 'The live tests start no containers: Compose fills them in before there are any',
  bad: [
    {
      title: 'a variable that is made of another',
      files: project(conf`
        environment:
          BASE_URL: https://«${'${SITE_HOST}'}»
      `),
    },
    {
      title: 'a rule of Traefik',
      files: project(conf`
        labels:
          - "traefik.http.routers.web.rule=Host(\`«$SITE_HOST»\`)"
      `),
    },
  ],
  good: [
    {
      title: 'a default, a dollar for the container, and a name of no file',
      files: project(conf`
        environment:
          BASE_URL: https://${'${SITE_HOST:-localhost}'}
          COMMAND: gunicorn -w $$WORKERS
          RELEASE: ${'${RELEASE}'}
      `),
    },
    {
      title: 'in the file that Compose reads, too',
      files: project('environment:\n  BASE_URL: https://${SITE_HOST}', {
        'app.env': 'SITE_HOST=shop.example.org\n',
        '.env.example': 'SITE_HOST=\n',
      }),
    },
    {
      title: 'a script that tells Compose of the file',
      files: project('environment:\n  BASE_URL: https://${SITE_HOST}', {
        'app.env': 'SITE_HOST=shop.example.org\n',
        'bin/start.sh': 'docker compose --env-file app.env up -d\n',
      }),
    },
    {
      title: 'a script that gives it the variable',
      files: project('environment:\n  BASE_URL: https://${SITE_HOST}', {
        'app.env': 'SITE_HOST=shop.example.org\n',
        'bin/start.sh': 'export SITE_HOST=$(hostname -f)\ndocker compose up -d\n',
      }),
    },
  ],
  *check(deployment) {
    for (const { project, hostFiles } of composeProjects(deployment)) {
      const told = new Set<string>()
      for (const service of project.services.values()) {
        const given = namesOfEnvFiles(service, hostFiles)
        if (given === null || given.size === 0) continue
        for (const { at } of [...service.environment, ...service.labels]) {
          for (const { name, place } of filledIn(at)) {
            const file = given.get(name)
            if (file === undefined || told.has(name) || mayHave(deployment, project, hostFiles, file, name))
              continue
            told.add(name)
            yield {
              at: place,
              message: `Compose fills this in from \`.env\` and its own environment, and not from \`${posix.basename(file.at.source.path)}\`, which is for the container: The "${name}" variable is not set. Defaulting to a blank string`,
              label: 'filled in with nothing',
              related: [{ at: file.at, message: 'set in the container alone' }],
            }
          }
        }
      }
    }
  },
})

interface Given {
  /** Where the file sets it. */
  readonly at: Place
  readonly path: string
}

/** The variables of the files that a service names; null where Compose reads one of them itself, or nobody sees one. */
function namesOfEnvFiles({ envFiles }: ComposeService, files: FileSystem): ReadonlyMap<string, Given> | null {
  const given = new Map<string, Given>()
  for (const { path } of envFiles) {
    const source = path.known ? sourceAt(files, path.value) : null
    if (source === null || !path.known || posix.basename(path.value) === '.env') return null
    for (const { name, at } of parseDotenv(source)) given.set(name, { at, path: path.value })
  }
  return given
}

/** The variables that Compose fills in there, without those that have a default or are to be there. */
function* filledIn(at: Place): Iterable<{ readonly name: string; readonly place: Place }> {
  for (const match of placeText(at).matchAll(/(?<!\$)(?:\$\$)*(\$(?:\{(\w+)\}|([A-Za-z_]\w*)))/g)) {
    const { index, 0: whole, 1: text = '', 2: braced, 3: bare } = match
    const start = at.start + index + whole.length - text.length
    yield {
      name: braced ?? bare ?? '',
      place: { source: at.source, start, end: start + text.length },
    }
  }
}

/** True where Compose may have the variable: of another file beside, of a default elsewhere, or of what starts it. */
function mayHave(
  deployment: Deployment,
  { directory, sources }: Container['project'],
  files: FileSystem,
  { path }: Given,
  name: string,
): boolean {
  const others = filesOfVariables(files, directory).filter(
    other => posix.basename(other) !== posix.basename(path),
  )
  if (others.some(other => sourceAt(files, other)?.text.includes(name) !== false)) return true
  const isDefault = new RegExp(String.raw`\$\{${name}[:?+-]`)
  if (sources.some(({ text }) => isDefault.test(text))) return true
  const gives = new RegExp(String.raw`--env-file|\b${name}\s*[:?]?=|\bexport\s+${name}\b|\bset -a\b`)
  return toldTexts(deployment).some(source => !sources.includes(source) && gives.test(source.text))
}
