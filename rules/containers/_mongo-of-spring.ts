import type { Fact } from '../../parsers/text/fact.ts'
import { placeText } from '../../parsers/text/source.ts'
import type { Container } from '../../src/deployment/containers/container.ts'
import type { RuleFinding } from '../../src/engine/rule.ts'
import { filesBelow, sourceAt } from '../../src/files/file-system.ts'
import { containerVariables } from './_container-variables.ts'
import type { Database } from './_databases.ts'

/** `SPRING_DATA_MONGODB_USERNAME`, which Spring Boot 4 calls `SPRING_MONGODB_USERNAME`. */
const OF_SPRING = /^SPRING_(?:DATA_)?MONGODB_(\w+)$/

/** What says otherwise in which database the user is, or makes one there. */
const ELSEWHERE = /authentication-?_?database|authSource|createUser|mongodb(?:\+srv)?:\/\/|MongoCredential/i

const REACH = { levels: 8, skipped: /^(?:node_modules|\..*|target|build|test)$/ }
const MOST = 300

/**
 * The root that the image of MongoDB makes in `admin`, by variables of Spring that each say a part: it looks for the user
 * in the database that it works with.
 *
 * @see https://docs.spring.io/spring-boot/appendix/application-properties/index.html
 */
export function mongoOfSpring(
  container: Container,
  databases: ReadonlyMap<string, Database>,
): RuleFinding | null {
  const variables = containerVariables(container)
  const told = new Map(
    variables.flatMap(({ name, value }) => {
      const part = OF_SPRING.exec(name.toUpperCase())?.[1]
      return part === undefined ? [] : [[part.replaceAll('_', ''), value] as const]
    }),
  )
  const host = told.get('HOST') ?? null
  const user = told.get('USERNAME') ?? null
  const name = told.get('DATABASE') ?? null
  const database = host?.known === true ? databases.get(host.value) : undefined
  if (database?.kind !== 'MongoDB' || database.user === null || database.password === null) return null
  if (user?.at == null || name?.known !== true || name.value === 'admin' || name.value === '') return null
  if (told.has('URI') || told.has('AUTHENTICATIONDATABASE') || !isOneUser(user, database.user)) return null
  if (variables.some(({ value }) => ELSEWHERE.test(value?.known === true ? value.value : ''))) return null
  if (saysElsewhere(container)) return null
  const written = user.known ? user.value : placeText(user.at)
  return {
    at: user.at,
    message: `the user \`${written}\` of the service \`${database.service.name}\` is one of the database \`admin\`, and Spring looks for it in \`${name.value}\`: Authentication failed`,
    label: 'no authentication database',
    related: [{ at: database.user.at ?? database.service.at, message: 'the database has this user' }],
    help: 'Set `SPRING_DATA_MONGODB_AUTHENTICATIONDATABASE: admin` beside it',
  }
}

/** By the name, or by one variable for both. */
function isOneUser(own: Fact<string>, user: Fact<string>): boolean {
  if (own.known && user.known) return own.value === user.value
  if (own.known || user.known || own.at == null || user.at == null) return false
  const variable = (text: string): string | null => /\$\{?(\w+)/.exec(text)?.[1] ?? null
  const wanted = variable(placeText(own.at))
  return wanted !== null && wanted === variable(placeText(user.at))
}

/** True where the project, or a script of the database, may say it, and where nobody knows. */
function saysElsewhere({ service, hostFiles, mounts, project }: Container): boolean {
  const context = service.build?.context
  const homes = [
    ...(context?.known === true ? [context.value] : []),
    ...mounts.flatMap(({ path }) => path ?? []),
    ...[...project.services.values()].flatMap(({ volumes }) =>
      volumes.flatMap(({ kind, source }) =>
        kind === 'bind' && source?.known === true ? [source.value] : [],
      ),
    ),
  ]
  const paths = new Set(
    homes.flatMap(home =>
      hostFiles.kind(home) === 'file' ? [home] : [...filesBelow(hostFiles, home, REACH)],
    ),
  )
  const read = [...paths].filter(path => /\.(?:ya?ml|properties|java|kt|js|sh)$/.test(path))
  return read.length > MOST || read.some(path => ELSEWHERE.test(sourceAt(hostFiles, path)?.text ?? ''))
}
