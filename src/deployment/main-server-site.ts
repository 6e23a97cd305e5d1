import type { ApacheConfiguration, ApacheDirective } from '../servers/apache/configuration.ts'
import { virtualHostSection } from '../servers/apache/queries/virtual-hosts.ts'

/** What a main server answers with where somebody meant it to answer. */
const WORDS = [
  'alias',
  'aliasmatch',
  'scriptalias',
  'proxypass',
  'documentroot',
  'redirect',
  'rewriterule',
  'wsgiscriptalias',
  'wsgiscriptaliasmatch',
]

/** True where the main server of an httpd is a site of its own, beside its virtual hosts. */
export function isMainServerSite({ occurrences }: ApacheConfiguration): boolean {
  return WORDS.some(
    name =>
      occurrences.get(name)?.some(each => virtualHostSection(each) === null && !isOfPackage(each)) === true,
  )
}

/** `Alias /icons/ "/usr/share/apache2/icons/"` and its like, which packages write for every virtual host. */
function isOfPackage({ name, args }: ApacheDirective): boolean {
  return /^(?:Script)?Alias$/.test(name) && /^\/usr\/(?:share|lib)\//.test(args[1]?.value ?? '')
}
