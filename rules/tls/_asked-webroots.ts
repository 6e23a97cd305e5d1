import type { RenewalWebroot } from '../../parsers/certbot/renewal.ts'
import type { WrittenWebroot } from '../../parsers/certbot/written-webroots.ts'
import { memo } from '../../parsers/collections/memo.ts'
import { acmeWebroots, machineWebroots } from '../../src/deployment/acme-challenges.ts'
import type { Deployment, Machine } from '../../src/deployment/model.ts'
import type { FileSystem } from '../../src/files/file-system.ts'
import { scriptWebroots } from './_aliased-webroots.ts'
import { servedNames } from './_challenges.ts'

/**
 * Every name with the webroot that a command asks for its certificate by, where no file of certbot says how it is
 * renewed: commands on the machine itself, and those of scripts and playbooks that set up the only machine with it.
 */
export function askedWebroots(deployment: Deployment, machine: Machine): readonly RenewalWebroot[] {
  const { files } = machine
  // dehydrated and its like write the file into the directory itself.
  if (files.kind('/etc/dehydrated') !== null || isRenewedByFile(files)) return []
  const own = namedIn(machineWebroots(files))
  if (own.length > 0 || machine.container !== null || mayProveOtherwise(deployment)) return own
  const asked = namedIn(scriptWebroots(deployment))
  return asked.filter(({ name }) => {
    const serving = [...servedNames(deployment).values()].filter(names => names.has(name))
    return serving.length === 1
  })
}

function isRenewedByFile(files: FileSystem): boolean {
  return (files.list('/etc/letsencrypt/renewal') ?? []).length > 0 || acmeWebroots(files).length > 0
}

function namedIn(webroots: readonly WrittenWebroot[]): readonly RenewalWebroot[] {
  return webroots.flatMap(({ names, directory, at }) => names.map(name => ({ name, directory, at })))
}

/** Where a script lets a server of its own answer, proves a name by DNS, or writes the location for the challenge. */
const OTHERWISE =
  /--(?:nginx|apache|standalone|stateless|manual|dns)\b|\bdns_\w+|\bdns-01\b|\bacme[_-]certificate\b|\bacme-challenge\b/

const mayProveOtherwise = memo((deployment: Deployment): boolean =>
  (deployment.setups() ?? []).some(({ text }) => OTHERWISE.test(text)),
)
