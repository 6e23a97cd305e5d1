import { checkAlias, checkRedirectTarget, redirectCheck, regexArgument } from './alias.ts'
import { checkAllowDeny, checkOrder, checkRequire, passwordProviders } from './authorization.ts'
import type { Check } from './check.ts'
import * as core from './core-values.ts'
import { headerCheck } from './headers.ts'
import { checkListen, checkServerAlias, checkServerName } from './listen.ts'
import * as logging from './logging.ts'
import * as modules from './module-values.ts'
import * as proxy from './proxy.ts'
import { regexFault } from './regex.ts'
import * as rewrite from './rewrite.ts'
import * as ssl from './ssl.ts'
import { valueChecks } from './values.ts'
import * as wsgi from './wsgi.ts'

const SCRIPT_OPTIONS = ['process-group', 'application-group', 'callable-object', 'pass-authorization']

/** What single directives refuse, by name. */
const HANDLERS: Readonly<Record<string, Check>> = {
  Action: modules.checkAction,
  AddIcon: modules.checkAddIcon,
  AddIconByEncoding: modules.checkAddIcon,
  AddIconByType: modules.checkAddIcon,
  AddOutputFilterByType: modules.checkFilterByType,
  Alias: checkAlias,
  AliasMatch: regexArgument(0),
  Allow: checkAllowDeny,
  AllowOverride: core.checkAllowOverride,
  AllowOverrideList: core.checkAllowOverrideList,
  AuthBasicProvider: passwordProviders(false),
  AuthDigestProvider: passwordProviders(true),
  AuthFormProvider: passwordProviders(false),
  AuthLDAPInitialBindPattern: regexArgument(0),
  BalancerMember: proxy.checkBalancerMember,
  BrowserMatch: core.setEnvIfCheck(false, regexFault),
  BrowserMatchNoCase: core.setEnvIfCheck(false, regexFault),
  CoreDumpDirectory: core.checkDirectory,
  CustomLog: logging.checkCustomLog,
  DeflateFilterNote: modules.checkDeflateNote,
  Deny: checkAllowDeny,
  DirectoryIndexRedirect: modules.checkIndexRedirect,
  DocumentRoot: core.checkDocumentRoot,
  Error: core.checkError,
  ErrorDocument: core.checkErrorDocument,
  ErrorLog: logging.checkErrorLog,
  ErrorLogFormat: logging.checkErrorLogFormat,
  ExpiresByType: core.checkExpiresByType,
  ExpiresDefault: core.checkExpiresDefault,
  FileETag: core.checkFileETag,
  GlobalLog: logging.checkCustomLog,
  Header: headerCheck(false),
  IndexOptions: modules.checkIndexOptions,
  IndexOrderDefault: modules.checkIndexOrder,
  Listen: checkListen,
  LogFormat: logging.checkLogFormat,
  LogLevel: logging.checkLogLevel,
  LuaMapHandler: regexArgument(0),
  MaxRangeOverlaps: modules.checkRangeLimit,
  MaxRangeReversals: modules.checkRangeLimit,
  MaxRanges: modules.checkRangeLimit,
  MultiviewsMatch: modules.checkMultiviews,
  Mutex: core.checkMutex,
  Options: core.checkOptions,
  Order: checkOrder,
  ProxyErrorOverride: proxy.checkProxyErrorOverride,
  ProxyFCGISetEnvIf: modules.checkCondition,
  ProxyPass: proxy.proxyPassCheck(false),
  ProxyPassMatch: proxy.proxyPassCheck(true),
  ProxyPassReverse: proxy.checkProxyPassReverse,
  ProxyRemote: proxy.checkProxyRemote,
  ProxyRemoteMatch: proxy.checkProxyRemote,
  ProxySet: proxy.checkProxySet,
  Redirect: redirectCheck(false),
  RedirectMatch: redirectCheck(true),
  RedirectPermanent: checkRedirectTarget,
  RedirectTemp: checkRedirectTarget,
  RemoteIPInternalProxy: modules.checkRemoteProxies,
  RemoteIPTrustedProxy: modules.checkRemoteProxies,
  RequestHeader: headerCheck(true),
  RequestReadTimeout: modules.checkRequestReadTimeout,
  Require: checkRequire,
  RewriteBase: rewrite.checkRewriteBase,
  RewriteCond: rewrite.checkRewriteCond,
  RewriteMap: rewrite.checkRewriteMap,
  RewriteOptions: rewrite.checkRewriteOptions,
  RewriteRule: rewrite.checkRewriteRule,
  ScriptAlias: checkAlias,
  ScriptAliasMatch: regexArgument(0),
  ServerAlias: checkServerAlias,
  ServerName: checkServerName,
  ServerPath: checkServerAlias,
  SetEnvIf: core.setEnvIfCheck(true, regexFault),
  SetEnvIfExpr: core.checkSetEnvIfExpr,
  SetEnvIfNoCase: core.setEnvIfCheck(true, regexFault),
  SSLCADNRequestFile: ssl.checkPemFile,
  SSLCADNRequestPath: ssl.checkPemFolder,
  SSLCACertificateFile: ssl.checkPemFile,
  SSLCACertificatePath: ssl.checkPemFolder,
  SSLCARevocationCheck: ssl.revocationCheck(['none', 'leaf', 'chain'], 'no_crl_for_cert_ok'),
  SSLCARevocationFile: ssl.checkPemFile,
  SSLCARevocationPath: ssl.checkPemFolder,
  SSLCertificateChainFile: ssl.checkPemFile,
  SSLCertificateFile: ssl.checkPemFile,
  SSLCertificateKeyFile: ssl.checkPemFile,
  SSLCipherSuite: ssl.checkCipherSuite,
  SSLOCSPEnable: ssl.revocationCheck(['on', 'off', 'leaf'], 'no_ocsp_for_cert_ok'),
  SSLOCSPResponderCertificateFile: ssl.checkPemFile,
  SSLOptions: ssl.checkSslOptions,
  SSLPassPhraseDialog: ssl.checkPassPhraseDialog,
  SSLProtocol: ssl.checkProtocols,
  SSLProxyCACertificateFile: ssl.checkPemFile,
  SSLProxyCACertificatePath: ssl.checkPemFolder,
  SSLProxyCARevocationCheck: ssl.revocationCheck(['none', 'leaf', 'chain'], 'no_crl_for_cert_ok'),
  SSLProxyCARevocationFile: ssl.checkPemFile,
  SSLProxyCARevocationPath: ssl.checkPemFolder,
  SSLProxyCipherSuite: ssl.checkCipherSuite,
  SSLProxyMachineCertificateChainFile: ssl.checkPemFile,
  SSLProxyMachineCertificateFile: ssl.checkPemFile,
  SSLProxyMachineCertificatePath: ssl.checkPemFolder,
  SSLProxyProtocol: ssl.checkProtocols,
  SSLRandomSeed: ssl.checkRandomSeed,
  SSLRequire: ssl.checkSslRequire,
  SSLSessionCache: ssl.cacheCheck(true),
  SSLSessionTicketKeyFile: ssl.checkPemFile,
  SSLStaplingCache: ssl.cacheCheck(false),
  Substitute: modules.checkSubstitute,
  TransferLog: logging.checkTransferLog,
  UserDir: modules.checkUserDir,
  VirtualDocumentRoot: modules.checkVirtualPath,
  VirtualDocumentRootIP: modules.checkVirtualPath,
  VirtualScriptAlias: modules.checkVirtualPath,
  VirtualScriptAliasIP: modules.checkVirtualPath,
  WSGIAcceptMutex: wsgi.checkAcceptMutex,
  WSGIAccessScript: wsgi.scriptCheck(1, ['application-group']),
  WSGIAuthGroupScript: wsgi.scriptCheck(1, ['application-group']),
  WSGIAuthUserScript: wsgi.scriptCheck(1, ['application-group']),
  WSGIDaemonProcess: wsgi.checkDaemonProcess,
  WSGIDispatchScript: wsgi.scriptCheck(1, ['application-group']),
  WSGIHandlerScript: wsgi.scriptCheck(2, SCRIPT_OPTIONS),
  WSGIImportScript: wsgi.checkImportScript,
  WSGIPythonHashSeed: wsgi.checkHashSeed,
  WSGIScriptAlias: wsgi.scriptAliasCheck(false),
  WSGIScriptAliasMatch: wsgi.scriptAliasCheck(true),
  WSGITrustedProxies: wsgi.checkTrustedProxies,
}

let checks: ReadonlyMap<string, Check> | undefined

/** The check of a directive, by lower-case name; undefined where whatever the count allows is taken. */
export function checkOf(lowerName: string): Check | undefined {
  if (checks === undefined) {
    const all = valueChecks()
    for (const [name, check] of Object.entries(HANDLERS)) all.set(name.toLowerCase(), check)
    checks = all
  }
  return checks.get(lowerName)
}
