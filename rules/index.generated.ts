// Written by `npm run generate` from the files of this directory.
import type { Rule } from '../src/engine/rule.ts'
import accessAddressOfProxyDecides from './access/address-of-proxy-decides.ts'
import accessAdminAjaxClosed from './access/admin-ajax-closed.ts'
import accessAllowWithoutDeny from './access/allow-without-deny.ts'
import accessAnsweredBeforeAccess from './access/answered-before-access.ts'
import accessAuthBasicOffStillDenied from './access/auth-basic-off-still-denied.ts'
import accessAuthBasicRealmOff from './access/auth-basic-realm-off.ts'
import accessAuthBasicWithoutFile from './access/auth-basic-without-file.ts'
import accessAuthRequestBody from './access/auth-request-body.ts'
import accessAuthRequestLoginLoop from './access/auth-request-login-loop.ts'
import accessAuthRequestUnanswered from './access/auth-request-unanswered.ts'
import accessDavOpen from './access/dav-open.ts'
import accessDenyHiddenByRegex from './access/deny-hidden-by-regex.ts'
import accessDockerSocketOpen from './access/docker-socket-open.ts'
import accessExactLocationOneUrl from './access/exact-location-one-url.ts'
import accessFileSystemGranted from './access/file-system-granted.ts'
import accessFilesSectionEverywhere from './access/files-section-everywhere.ts'
import accessFilesSectionProxied from './access/files-section-proxied.ts'
import accessForwardedAddressDecides from './access/forwarded-address-decides.ts'
import accessForwardedAddressGrants from './access/forwarded-address-grants.ts'
import accessHtaccessDenialLost from './access/htaccess-denial-lost.ts'
import accessInternalDirectoryPublic from './access/internal-directory-public.ts'
import accessInternalUriFromClient from './access/internal-uri-from-client.ts'
import accessLimitCountsProxy from './access/limit-counts-proxy.ts'
import accessLimitKeyFromClient from './access/limit-key-from-client.ts'
import accessLimitKeyUnused from './access/limit-key-unused.ts'
import accessLimitSparesClients from './access/limit-spares-clients.ts'
import accessLimitWithoutBurst from './access/limit-without-burst.ts'
import accessLimitZoneUnused from './access/limit-zone-unused.ts'
import accessLocationLostToRegex from './access/location-lost-to-regex.ts'
import accessLocationUndoesDirectory from './access/location-undoes-directory.ts'
import accessPasswordFileMissing from './access/password-file-missing.ts'
import accessPasswordFileServed from './access/password-file-served.ts'
import accessPasswordFileWithoutRealm from './access/password-file-without-realm.ts'
import accessPasswordLostOnTheWay from './access/password-lost-on-the-way.ts'
import accessPasswordReachesApplication from './access/password-reaches-application.ts'
import accessPasswordReplacesNetwork from './access/password-replaces-network.ts'
import accessPasswordUnhashed from './access/password-unhashed.ts'
import accessPostgresTrust from './access/postgres-trust.ts'
import accessPrivateNetworkTooWide from './access/private-network-too-wide.ts'
import accessProxyAllowedAsClient from './access/proxy-allowed-as-client.ts'
import accessRefererRefusesOwnPages from './access/referer-refuses-own-pages.ts'
import accessRequireIpOrUser from './access/require-ip-or-user.ts'
import accessRuleAfterAll from './access/rule-after-all.ts'
import accessSatisfyAnyOpen from './access/satisfy-any-open.ts'
import accessSecureLinkExpiryUnsigned from './access/secure-link-expiry-unsigned.ts'
import accessSecureLinkUnasked from './access/secure-link-unasked.ts'
import accessStatusPageOpen from './access/status-page-open.ts'
import accessValidReferersUnused from './access/valid-referers-unused.ts'
import accessWellKnownDenied from './access/well-known-denied.ts'
import accessWiderLocationLater from './access/wider-location-later.ts'
import accessXAccelLocationOpen from './access/x-accel-location-open.ts'
import apacheAccessCompatNestedReset from './apache/access-compat-nested-reset.ts'
import apacheAccessGrantedNowhere from './apache/access-granted-nowhere.ts'
import apacheAccessLogInErrorLog from './apache/access-log-in-error-log.ts'
import apacheAddhandlerPhp from './apache/addhandler-php.ts'
import apacheAliasNeedsSlash from './apache/alias-needs-slash.ts'
import apacheAliasOverlap from './apache/alias-overlap.ts'
import apacheAliasRedirected from './apache/alias-redirected.ts'
import apacheAliasSlashMissing from './apache/alias-slash-missing.ts'
import apacheAllowFromWildcard from './apache/allow-from-wildcard.ts'
import apacheAllowencodedslashesNotInherited from './apache/allowencodedslashes-not-inherited.ts'
import apacheAllowoverrideUndone from './apache/allowoverride-undone.ts'
import apacheAllowoverrideUnset from './apache/allowoverride-unset.ts'
import apacheAuthWithoutRequire from './apache/auth-without-require.ts'
import apacheAuthenticationIncomplete from './apache/authentication-incomplete.ts'
import apacheBackreferenceWithoutGroup from './apache/backreference-without-group.ts'
import apacheBackslashReference from './apache/backslash-reference.ts'
import apacheBackupPatternMisses from './apache/backup-pattern-misses.ts'
import apacheBalancerUndefined from './apache/balancer-undefined.ts'
import apacheBaseOfUrlIncomplete from './apache/base-of-url-incomplete.ts'
import apacheCgiNotExecutable from './apache/cgi-not-executable.ts'
import apacheCgiSourceServed from './apache/cgi-source-served.ts'
import apacheCommaBetweenNames from './apache/comma-between-names.ts'
import apacheCommentContinuation from './apache/comment-continuation.ts'
import apacheConditionNeverHolds from './apache/condition-never-holds.ts'
import apacheConnectionUpgradeAlone from './apache/connection-upgrade-alone.ts'
import apacheCustomlogUnknownFormat from './apache/customlog-unknown-format.ts'
import apacheDavMethodsDenied from './apache/dav-methods-denied.ts'
import apacheDavWithoutLockdb from './apache/dav-without-lockdb.ts'
import apacheDefineInVhostLeaks from './apache/define-in-vhost-leaks.ts'
import apacheDeniedDotUnescaped from './apache/denied-dot-unescaped.ts'
import apacheDirectoryNonexistent from './apache/directory-nonexistent.ts'
import apacheDuplicateServername from './apache/duplicate-servername.ts'
import apacheEnvNeverSet from './apache/env-never-set.ts'
import apacheErrordocumentIneffective from './apache/errordocument-ineffective.ts'
import apacheErrorlogDirectoryMissing from './apache/errorlog-directory-missing.ts'
import apacheExpiresMediaTypeUnknown from './apache/expires-media-type-unknown.ts'
import apacheExpiresNotActive from './apache/expires-not-active.ts'
import apacheExtensionIsWholeName from './apache/extension-is-whole-name.ts'
import apacheFileTestNotPath from './apache/file-test-not-path.ts'
import apacheFileTestWithoutDash from './apache/file-test-without-dash.ts'
import apacheFilesNamesPath from './apache/files-names-path.ts'
import apacheFilesmatchDirectoryName from './apache/filesmatch-directory-name.ts'
import apacheFrontControllerDenied from './apache/front-controller-denied.ts'
import apacheFrontControllerForFiles from './apache/front-controller-for-files.ts'
import apacheGlobInPattern from './apache/glob-in-pattern.ts'
import apacheGroupMiscounted from './apache/group-miscounted.ts'
import apacheGroupRepeated from './apache/group-repeated.ts'
import apacheH2cOverTls from './apache/h2c-over-tls.ts'
import apacheHtaccessDirectiveNotPermitted from './apache/htaccess-directive-not-permitted.ts'
import apacheHtaccessModuleUnguarded from './apache/htaccess-module-unguarded.ts'
import apacheHtaccessNotRead from './apache/htaccess-not-read.ts'
import apacheHtaccessRewritingSkipped from './apache/htaccess-rewriting-skipped.ts'
import apacheHtaccessSyntax from './apache/htaccess-syntax.ts'
import apacheHttp2WithPrefork from './apache/http2-with-prefork.ts'
import apacheIfmoduleUnknownModule from './apache/ifmodule-unknown-module.ts'
import apacheIfversionExactShort from './apache/ifversion-exact-short.ts'
import apacheIncludeDirSwallowsBackups from './apache/include-dir-swallows-backups.ts'
import apacheIncludeoptionalTypo from './apache/includeoptional-typo.ts'
import apacheInternalRedirectLoop from './apache/internal-redirect-loop.ts'
import apacheLegacyAccessControl from './apache/legacy-access-control.ts'
import apacheLimitDeniesOnlyListedMethods from './apache/limit-denies-only-listed-methods.ts'
import apacheLimitrequestOfLaterVhost from './apache/limitrequest-of-later-vhost.ts'
import apacheListenOverlap from './apache/listen-overlap.ts'
import apacheLocationNamesDirectory from './apache/location-names-directory.ts'
import apacheLocationNoSlash from './apache/location-no-slash.ts'
import apacheLocationRewritesReplaced from './apache/location-rewrites-replaced.ts'
import apacheLocationWildcardNoSubpath from './apache/location-wildcard-no-subpath.ts'
import apacheLogConditionReversed from './apache/log-condition-reversed.ts'
import apacheLookaheadMisspelt from './apache/lookahead-misspelt.ts'
import apacheMainServerHidden from './apache/main-server-hidden.ts'
import apacheMediaTypeMisplaced from './apache/media-type-misplaced.ts'
import apacheMediaTypePlus from './apache/media-type-plus.ts'
import apacheModsecurityRemovalTooEarly from './apache/modsecurity-removal-too-early.ts'
import apacheMultiviewsBeforeFrontController from './apache/multiviews-before-front-controller.ts'
import apacheNoDirectoryIndex from './apache/no-directory-index.ts'
import apacheNoListen from './apache/no-listen.ts'
import apacheNocanonMissing from './apache/nocanon-missing.ts'
import apacheOrderUndoes from './apache/order-undoes.ts'
import apacheOutputFilterCompressed from './apache/output-filter-compressed.ts'
import apachePackageAliasHidesDirectory from './apache/package-alias-hides-directory.ts'
import apachePasswordFileMissing from './apache/password-file-missing.ts'
import apachePasswordFileServed from './apache/password-file-served.ts'
import apachePatternDeniesDirectories from './apache/pattern-denies-directories.ts'
import apachePatternNeverMatches from './apache/pattern-never-matches.ts'
import apachePhpModuleThreaded from './apache/php-module-threaded.ts'
import apachePhpSourceServed from './apache/php-source-served.ts'
import apachePrecompressedTwice from './apache/precompressed-twice.ts'
import apachePrivateFilesServed from './apache/private-files-served.ts'
import apacheProxyDenied from './apache/proxy-denied.ts'
import apacheProxyModuleMissing from './apache/proxy-module-missing.ts'
import apacheProxypassHides from './apache/proxypass-hides.ts'
import apacheProxypassInRegexSection from './apache/proxypass-in-regex-section.ts'
import apacheProxypassOrder from './apache/proxypass-order.ts'
import apacheProxypassSlashDoubled from './apache/proxypass-slash-doubled.ts'
import apacheProxypassmatchDocumentRoot from './apache/proxypassmatch-document-root.ts'
import apacheProxypassreverseMismatch from './apache/proxypassreverse-mismatch.ts'
import apacheProxypassreverseSlash from './apache/proxypassreverse-slash.ts'
import apacheProxyrequestsOn from './apache/proxyrequests-on.ts'
import apacheRedirectAfterRewriting from './apache/redirect-after-rewriting.ts'
import apacheRedirectLoop from './apache/redirect-loop.ts'
import apacheRedirectOrder from './apache/redirect-order.ts'
import apacheRedirectPatternLiteral from './apache/redirect-pattern-literal.ts'
import apacheRedirectShowsPath from './apache/redirect-shows-path.ts'
import apacheRedirectTakesRewrittenQuery from './apache/redirect-takes-rewritten-query.ts'
import apacheRedirectWithoutLast from './apache/redirect-without-last.ts'
import apacheRefusalNeedsSlash from './apache/refusal-needs-slash.ts'
import apacheRequestFilenameInServer from './apache/request-filename-in-server.ts'
import apacheRequireGrantedBesideOthers from './apache/require-granted-beside-others.ts'
import apacheRequireGroupWithoutFile from './apache/require-group-without-file.ts'
import apacheRequireUserWithoutAuthtype from './apache/require-user-without-authtype.ts'
import apacheRewriteDropsQuery from './apache/rewrite-drops-query.ts'
import apacheRewriteFlagsMisplaced from './apache/rewrite-flags-misplaced.ts'
import apacheRewriteFragmentEscaped from './apache/rewrite-fragment-escaped.ts'
import apacheRewriteLeavesDirectory from './apache/rewrite-leaves-directory.ts'
import apacheRewriteNotInherited from './apache/rewrite-not-inherited.ts'
import apacheRewritePassthroughMissing from './apache/rewrite-passthrough-missing.ts'
import apacheRewritePatternNotPath from './apache/rewrite-pattern-not-path.ts'
import apacheRewritePercentEscaped from './apache/rewrite-percent-escaped.ts'
import apacheRewriteProxiesAnywhere from './apache/rewrite-proxies-anywhere.ts'
import apacheRewriteQueryUnescaped from './apache/rewrite-query-unescaped.ts'
import apacheRewriteQuotesJoin from './apache/rewrite-quotes-join.ts'
import apacheRewriteTargetMalformed from './apache/rewrite-target-malformed.ts'
import apacheRewriteTargetSlash from './apache/rewrite-target-slash.ts'
import apacheRewriteVariableMisspelt from './apache/rewrite-variable-misspelt.ts'
import apacheRewriteWithoutFollowsymlinks from './apache/rewrite-without-followsymlinks.ts'
import apacheRewritecondDangling from './apache/rewritecond-dangling.ts'
import apacheRewritecondsAlwaysHold from './apache/rewriteconds-always-hold.ts'
import apacheRewritecondsContradict from './apache/rewriteconds-contradict.ts'
import apacheRewritecondsJoinedByAnd from './apache/rewriteconds-joined-by-and.ts'
import apacheRewritecondsOfAnotherRule from './apache/rewriteconds-of-another-rule.ts'
import apacheRewriteengineMissing from './apache/rewriteengine-missing.ts'
import apacheRewritemapUndefined from './apache/rewritemap-undefined.ts'
import apacheRewriteruleLeadingSlashPerdir from './apache/rewriterule-leading-slash-perdir.ts'
import apacheRewriteruleNeverReached from './apache/rewriterule-never-reached.ts'
import apacheRewriteruleRepeatsDirectory from './apache/rewriterule-repeats-directory.ts'
import apacheRewrittenPageRedirected from './apache/rewritten-page-redirected.ts'
import apacheRewrittenPathGlued from './apache/rewritten-path-glued.ts'
import apacheSatisfyAny from './apache/satisfy-any.ts'
import apacheSatisfyMissing from './apache/satisfy-missing.ts'
import apacheSectionPatternLiteral from './apache/section-pattern-literal.ts'
import apacheServedDirectoryDenied from './apache/served-directory-denied.ts'
import apacheServerStatusPublic from './apache/server-status-public.ts'
import apacheServernameMissing from './apache/servername-missing.ts'
import apacheSetenvTooLate from './apache/setenv-too-late.ts'
import apacheSetenvWithEquals from './apache/setenv-with-equals.ts'
import apacheSethandlerProxyTarget from './apache/sethandler-proxy-target.ts'
import apacheSiteNotIncluded from './apache/site-not-included.ts'
import apacheSlashAddedToFiles from './apache/slash-added-to-files.ts'
import apacheSsiNotPermitted from './apache/ssi-not-permitted.ts'
import apacheSslNoCertificate from './apache/ssl-no-certificate.ts'
import apacheSslproxyengineMissing from './apache/sslproxyengine-missing.ts'
import apacheStartNeedsModule from './apache/start-needs-module.ts'
import apacheStatusDropsTarget from './apache/status-drops-target.ts'
import apacheStatusPageRewritten from './apache/status-page-rewritten.ts'
import apacheSubdirectoryRulesReplaced from './apache/subdirectory-rules-replaced.ts'
import apacheSyntax from './apache/syntax.ts'
import apacheTargetSlashMissing from './apache/target-slash-missing.ts'
import apacheTemplateJoinsLines from './apache/template-joins-lines.ts'
import apacheTemplateTagBroken from './apache/template-tag-broken.ts'
import apacheTextAfterSectionOpen from './apache/text-after-section-open.ts'
import apacheTrailingCommentAsArgument from './apache/trailing-comment-as-argument.ts'
import apacheTypographicQuotes from './apache/typographic-quotes.ts'
import apacheUnclosedConditional from './apache/unclosed-conditional.ts'
import apacheUnterminatedQuote from './apache/unterminated-quote.ts'
import apacheVariableDefault from './apache/variable-default.ts'
import apacheVariableNotExpanded from './apache/variable-not-expanded.ts'
import apacheVariableOfDebian from './apache/variable-of-debian.ts'
import apacheVhostAddressByName from './apache/vhost-address-by-name.ts'
import apacheVhostMissingServername from './apache/vhost-missing-servername.ts'
import apacheVhostPortWildcardShadowed from './apache/vhost-port-wildcard-shadowed.ts'
import apacheVhostShadowedByEarlierWildcard from './apache/vhost-shadowed-by-earlier-wildcard.ts'
import apacheVhostShadowedBySpecificIp from './apache/vhost-shadowed-by-specific-ip.ts'
import apacheVhostUnresolvableAddress from './apache/vhost-unresolvable-address.ts'
import apacheWebsocketNotUpgraded from './apache/websocket-not-upgraded.ts'
import appServerApplicationNotFound from './app-server/application-not-found.ts'
import appServerAspnetSchemeUnknown from './app-server/aspnet-scheme-unknown.ts'
import appServerBeanstalkPathMissing from './app-server/beanstalk-path-missing.ts'
import appServerBrokerEvicts from './app-server/broker-evicts.ts'
import appServerCeleryAppNotFound from './app-server/celery-app-not-found.ts'
import appServerCeleryBeatMissing from './app-server/celery-beat-missing.ts'
import appServerCeleryBeatRepeated from './app-server/celery-beat-repeated.ts'
import appServerCeleryEtaRedelivered from './app-server/celery-eta-redelivered.ts'
import appServerCeleryNotLoaded from './app-server/celery-not-loaded.ts'
import appServerCeleryOptionMisplaced from './app-server/celery-option-misplaced.ts'
import appServerCeleryQueueUnconsumed from './app-server/celery-queue-unconsumed.ts'
import appServerCelerySettingNotRead from './app-server/celery-setting-not-read.ts'
import appServerCeleryTaskUnknown from './app-server/celery-task-unknown.ts'
import appServerCommandWithoutShell from './app-server/command-without-shell.ts'
import appServerConnectionBeforeFork from './app-server/connection-before-fork.ts'
import appServerCorsOriginMalformed from './app-server/cors-origin-malformed.ts'
import appServerCronFileIgnored from './app-server/cron-file-ignored.ts'
import appServerCronMisread from './app-server/cron-misread.ts'
import appServerDaemonized from './app-server/daemonized.ts'
import appServerDebuggerOn from './app-server/debugger-on.ts'
import appServerDefaultsNotRead from './app-server/defaults-not-read.ts'
import appServerEnvironmentMissing from './app-server/environment-missing.ts'
import appServerExpressProxyUntrusted from './app-server/express-proxy-untrusted.ts'
import appServerGemfileOfOldRelease from './app-server/gemfile-of-old-release.ts'
import appServerGunicornSettingNotRead from './app-server/gunicorn-setting-not-read.ts'
import appServerGunicornSettingRefused from './app-server/gunicorn-setting-refused.ts'
import appServerHomeProtected from './app-server/home-protected.ts'
import appServerInterfaceMismatch from './app-server/interface-mismatch.ts'
import appServerJitForbidden from './app-server/jit-forbidden.ts'
import appServerLaravelQueueUnknown from './app-server/laravel-queue-unknown.ts'
import appServerLaravelRetryBelowTimeout from './app-server/laravel-retry-below-timeout.ts'
import appServerLibraryNotInstalled from './app-server/library-not-installed.ts'
import appServerLimitCountsProxy from './app-server/limit-counts-proxy.ts'
import appServerLogDirectoryGroupWritable from './app-server/log-directory-group-writable.ts'
import appServerLogTakenByRoot from './app-server/log-taken-by-root.ts'
import appServerLogsNotReopened from './app-server/logs-not-reopened.ts'
import appServerOptionOnNextLine from './app-server/option-on-next-line.ts'
import appServerPhoenixEndpoint from './app-server/phoenix-endpoint.ts'
import appServerPlaybookModeDecimal from './app-server/playbook-mode-decimal.ts'
import appServerPm2InstancesInFork from './app-server/pm2-instances-in-fork.ts'
import appServerPrefixNotTold from './app-server/prefix-not-told.ts'
import appServerPreloadedCodeKept from './app-server/preloaded-code-kept.ts'
import appServerPrivilegedPort from './app-server/privileged-port.ts'
import appServerProcfilePort from './app-server/procfile-port.ts'
import appServerProgramNotOnPath from './app-server/program-not-on-path.ts'
import appServerProxyfixUntrue from './app-server/proxyfix-untrue.ts'
import appServerRequestParamsMissing from './app-server/request-params-missing.ts'
import appServerRunUnguarded from './app-server/run-unguarded.ts'
import appServerRuntimeDirectoryMissing from './app-server/runtime-directory-missing.ts'
import appServerSchedulerInWorkers from './app-server/scheduler-in-workers.ts'
import appServerScriptNotFound from './app-server/script-not-found.ts'
import appServerScriptWithoutShebang from './app-server/script-without-shebang.ts'
import appServerSecretKeyRandom from './app-server/secret-key-random.ts'
import appServerSessionsInMemory from './app-server/sessions-in-memory.ts'
import appServerSocketPermissions from './app-server/socket-permissions.ts'
import appServerSocketioNotSticky from './app-server/socketio-not-sticky.ts'
import appServerSocketioWorkers from './app-server/socketio-workers.ts'
import appServerSqlalchemyUrlRefused from './app-server/sqlalchemy-url-refused.ts'
import appServerStaticDirectoryMissing from './app-server/static-directory-missing.ts'
import appServerSupervisorRefused from './app-server/supervisor-refused.ts'
import appServerSystemReadOnly from './app-server/system-read-only.ts'
import appServerTransactionPooling from './app-server/transaction-pooling.ts'
import appServerUnitNotReloaded from './app-server/unit-not-reloaded.ts'
import appServerUnitPercent from './app-server/unit-percent.ts'
import appServerUnitSettingIgnored from './app-server/unit-setting-ignored.ts'
import appServerUnitStartsNothing from './app-server/unit-starts-nothing.ts'
import appServerUnitWithoutInstall from './app-server/unit-without-install.ts'
import appServerUnknownOption from './app-server/unknown-option.ts'
import appServerUntrustedProxy from './app-server/untrusted-proxy.ts'
import appServerUpdatedCodeNotLoaded from './app-server/updated-code-not-loaded.ts'
import appServerUrlPasswordUnescaped from './app-server/url-password-unescaped.ts'
import appServerUserUnitTarget from './app-server/user-unit-target.ts'
import appServerUvicornApplicationUnnamed from './app-server/uvicorn-application-unnamed.ts'
import appServerUwsgiApplicationMissing from './app-server/uwsgi-application-missing.ts'
import appServerUwsgiOptionMisread from './app-server/uwsgi-option-misread.ts'
import appServerUwsgiPluginMissing from './app-server/uwsgi-plugin-missing.ts'
import appServerUwsgiReloadsOnStop from './app-server/uwsgi-reloads-on-stop.ts'
import appServerUwsgiThreadsOff from './app-server/uwsgi-threads-off.ts'
import appServerVirtualenvNotFound from './app-server/virtualenv-not-found.ts'
import appServerWorkerNotRestarted from './app-server/worker-not-restarted.ts'
import appServerWorkersNotStarted from './app-server/workers-not-started.ts'
import bodyLimitsApacheBelowNginx from './body-limits/apache-below-nginx.ts'
import bodyLimitsApacheHeadersBelowNginx from './body-limits/apache-headers-below-nginx.ts'
import bodyLimitsAuthRequestBelowLocation from './body-limits/auth-request-below-location.ts'
import bodyLimitsChunkedUploadRejected from './body-limits/chunked-upload-rejected.ts'
import bodyLimitsDjangoBelowNginx from './body-limits/django-below-nginx.ts'
import bodyLimitsDjangoFileLimit from './body-limits/django-file-limit.ts'
import bodyLimitsExpressBelowNginx from './body-limits/express-below-nginx.ts'
import bodyLimitsGunicornHeadersBelowNginx from './body-limits/gunicorn-headers-below-nginx.ts'
import bodyLimitsIngressBelowPhp from './body-limits/ingress-below-php.ts'
import bodyLimitsLimitBehindFallback from './body-limits/limit-behind-fallback.ts'
import bodyLimitsLimitInBytes from './body-limits/limit-in-bytes.ts'
import bodyLimitsLimitOfServedFiles from './body-limits/limit-of-served-files.ts'
import bodyLimitsNginxBelowPhp from './body-limits/nginx-below-php.ts'
import bodyLimitsNginxBufferBelowSession from './body-limits/nginx-buffer-below-session.ts'
import bodyLimitsNginxBuffersNotForHeader from './body-limits/nginx-buffers-not-for-header.ts'
import bodyLimitsNginxDefaultBelowApplication from './body-limits/nginx-default-below-application.ts'
import bodyLimitsNginxDefaultBelowDjango from './body-limits/nginx-default-below-django.ts'
import bodyLimitsPhpBelowNginx from './body-limits/php-below-nginx.ts'
import bodyLimitsPhpPostBelowUpload from './body-limits/php-post-below-upload.ts'
import bodyLimitsSpringBelowNginx from './body-limits/spring-below-nginx.ts'
import bodyLimitsSpringRequestBelowFile from './body-limits/spring-request-below-file.ts'
import bodyLimitsUwsgiHeadersBelowNginx from './body-limits/uwsgi-headers-below-nginx.ts'
import cachingAuthorizationShared from './caching/authorization-shared.ts'
import cachingBypassStillStores from './caching/bypass-still-stores.ts'
import cachingCacheRootMissing from './caching/cache-root-missing.ts'
import cachingErrorsKept from './caching/errors-kept.ts'
import cachingInactiveBelowValid from './caching/inactive-below-valid.ts'
import cachingKeyIncomplete from './caching/key-incomplete.ts'
import cachingNeverStored from './caching/never-stored.ts'
import cachingSetCookieCached from './caching/set-cookie-cached.ts'
import cachingValidBehindAny from './caching/valid-behind-any.ts'
import canonicalUrlDefaultServerCatchallApp from './canonical-url/default-server-catchall-app.ts'
import canonicalUrlDefaultServerDependsOnIncludeOrder from './canonical-url/default-server-depends-on-include-order.ts'
import canonicalUrlDefaultServerOfOneFamily from './canonical-url/default-server-of-one-family.ts'
import canonicalUrlDuplicateServerName from './canonical-url/duplicate-server-name.ts'
import canonicalUrlHostMissingRedirect from './canonical-url/host-missing-redirect.ts'
import canonicalUrlHttpAndHttpsBothServe from './canonical-url/http-and-https-both-serve.ts'
import canonicalUrlNameOfOneFamily from './canonical-url/name-of-one-family.ts'
import canonicalUrlNamelessServerNotDefault from './canonical-url/nameless-server-not-default.ts'
import canonicalUrlPlainHttpPageDropsPort from './canonical-url/plain-http-page-drops-port.ts'
import canonicalUrlPlainNameNotFound from './canonical-url/plain-name-not-found.ts'
import canonicalUrlRedirectChain from './canonical-url/redirect-chain.ts'
import canonicalUrlRedirectDoublesQuery from './canonical-url/redirect-doubles-query.ts'
import canonicalUrlRedirectDropsPath from './canonical-url/redirect-drops-path.ts'
import canonicalUrlRedirectLoop from './canonical-url/redirect-loop.ts'
import canonicalUrlRedirectMalformed from './canonical-url/redirect-malformed.ts'
import canonicalUrlRedirectManglesUri from './canonical-url/redirect-mangles-uri.ts'
import canonicalUrlRedirectMissingOnTls from './canonical-url/redirect-missing-on-tls.ts'
import canonicalUrlRedirectNamesBackend from './canonical-url/redirect-names-backend.ts'
import canonicalUrlRedirectNamesInnerPort from './canonical-url/redirect-names-inner-port.ts'
import canonicalUrlRedirectTargetFromClient from './canonical-url/redirect-target-from-client.ts'
import canonicalUrlRedirectToFirstName from './canonical-url/redirect-to-first-name.ts'
import canonicalUrlRedirectToLoopback from './canonical-url/redirect-to-loopback.ts'
import canonicalUrlRedirectToPlainHttp from './canonical-url/redirect-to-plain-http.ts'
import canonicalUrlRedirectToPlainPort from './canonical-url/redirect-to-plain-port.ts'
import canonicalUrlRedirectToTlsNobodyServes from './canonical-url/redirect-to-tls-nobody-serves.ts'
import canonicalUrlRedirectUriInjection from './canonical-url/redirect-uri-injection.ts'
import canonicalUrlServerNameMalformed from './canonical-url/server-name-malformed.ts'
import canonicalUrlServerNameRegexShadowed from './canonical-url/server-name-regex-shadowed.ts'
import canonicalUrlServerWithoutIpv4 from './canonical-url/server-without-ipv4.ts'
import canonicalUrlTlsNameOfOtherSite from './canonical-url/tls-name-of-other-site.ts'
import canonicalUrlTlsWithoutApplication from './canonical-url/tls-without-application.ts'
import containersAccountNotInImage from './containers/account-not-in-image.ts'
import containersAddressTaken from './containers/address-taken.ts'
import containersApplicationMayNotWrite from './containers/application-may-not-write.ts'
import containersAutoscalerWithoutRequests from './containers/autoscaler-without-requests.ts'
import containersBinaryOfOtherLibc from './containers/binary-of-other-libc.ts'
import containersBracesNotExpanded from './containers/braces-not-expanded.ts'
import containersBrowserAsksPlainHttp from './containers/browser-asks-plain-http.ts'
import containersBuildArgumentUnread from './containers/build-argument-unread.ts'
import containersBuildMayNotWrite from './containers/build-may-not-write.ts'
import containersBuildOutputIncomplete from './containers/build-output-incomplete.ts'
import containersBuildToolNotInstalled from './containers/build-tool-not-installed.ts'
import containersBuildVariableUnset from './containers/build-variable-unset.ts'
import containersBuildWithoutEnvironment from './containers/build-without-environment.ts'
import containersCertificateNotMounted from './containers/certificate-not-mounted.ts'
import containersClonePortNotTold from './containers/clone-port-not-told.ts'
import containersComposeRefused from './containers/compose-refused.ts'
import containersConfigCachedAtBuild from './containers/config-cached-at-build.ts'
import containersConfigmapMisplaced from './containers/configmap-misplaced.ts'
import containersCopySourceMissing from './containers/copy-source-missing.ts'
import containersCronWithoutEnvironment from './containers/cron-without-environment.ts'
import containersDatabaseFileUnread from './containers/database-file-unread.ts'
import containersDatabaseNotStarted from './containers/database-not-started.ts'
import containersDatabaseOnLoopback from './containers/database-on-loopback.ts'
import containersDatabaseOwnLoopback from './containers/database-own-loopback.ts'
import containersDatabasePublic from './containers/database-public.ts'
import containersDatabaseRefused from './containers/database-refused.ts'
import containersDatabaseVolume from './containers/database-volume.ts'
import containersDeployKeepsOldImage from './containers/deploy-keeps-old-image.ts'
import containersDevProxyNotInNginx from './containers/dev-proxy-not-in-nginx.ts'
import containersDirectiveNotInImage from './containers/directive-not-in-image.ts'
import containersDockerSocketPublished from './containers/docker-socket-published.ts'
import containersDockerfileMissing from './containers/dockerfile-missing.ts'
import containersDockerfileRefused from './containers/dockerfile-refused.ts'
import containersDocumentRootUnread from './containers/document-root-unread.ts'
import containersDollarInterpolated from './containers/dollar-interpolated.ts'
import containersEntryGivenTwice from './containers/entry-given-twice.ts'
import containersEntrypointDropsCommand from './containers/entrypoint-drops-command.ts'
import containersEnvFileForCompose from './containers/env-file-for-compose.ts'
import containersEnvironmentQuoted from './containers/environment-quoted.ts'
import containersEnvironmentWithoutEquals from './containers/environment-without-equals.ts'
import containersEnvsubstWithoutList from './containers/envsubst-without-list.ts'
import containersFileEmptied from './containers/file-emptied.ts'
import containersGitlabTerminatesTls from './containers/gitlab-terminates-tls.ts'
import containersHtaccessNotRead from './containers/htaccess-not-read.ts'
import containersImageProtocol from './containers/image-protocol.ts'
import containersIncludeNotMounted from './containers/include-not-mounted.ts'
import containersIngressAnnotationIgnored from './containers/ingress-annotation-ignored.ts'
import containersIngressPlainToTls from './containers/ingress-plain-to-tls.ts'
import containersIngressRewriteEmpty from './containers/ingress-rewrite-empty.ts'
import containersIngressRewriteOnePage from './containers/ingress-rewrite-one-page.ts'
import containersIngressSecretElsewhere from './containers/ingress-secret-elsewhere.ts'
import containersInstallRefused from './containers/install-refused.ts'
import containersKafkaAdvertisesLoopback from './containers/kafka-advertises-loopback.ts'
import containersKustomizePathMissing from './containers/kustomize-path-missing.ts'
import containersLabelsSelectNothing from './containers/labels-select-nothing.ts'
import containersListSeparator from './containers/list-separator.ts'
import containersLoopbackPublished from './containers/loopback-published.ts'
import containersManifestObjectElsewhere from './containers/manifest-object-elsewhere.ts'
import containersManifestReferenceMissing from './containers/manifest-reference-missing.ts'
import containersManifestRefused from './containers/manifest-refused.ts'
import containersMigrationBeforeDatabase from './containers/migration-before-database.ts'
import containersModuleNotInImage from './containers/module-not-in-image.ts'
import containersMountHidesFile from './containers/mount-hides-file.ts'
import containersMountHidesPackages from './containers/mount-hides-packages.ts'
import containersMountHidesSite from './containers/mount-hides-site.ts'
import containersMountOfOtherKind from './containers/mount-of-other-kind.ts'
import containersMysqlLoginUnsupported from './containers/mysql-login-unsupported.ts'
import containersNameOfDockerDesktop from './containers/name-of-docker-desktop.ts'
import containersNameOfOtherNetwork from './containers/name-of-other-network.ts'
import containersNameResolvedOnce from './containers/name-resolved-once.ts'
import containersNamesServiceToBrowser from './containers/names-service-to-browser.ts'
import containersNginxBeforeUpstream from './containers/nginx-before-upstream.ts'
import containersNginxFileMisplaced from './containers/nginx-file-misplaced.ts'
import containersNginxInBackground from './containers/nginx-in-background.ts'
import containersNginxMayNotWrite from './containers/nginx-may-not-write.ts'
import containersNpmScriptMissing from './containers/npm-script-missing.ts'
import containersOwnLoopback from './containers/own-loopback.ts'
import containersPackageNotBuildable from './containers/package-not-buildable.ts'
import containersPackagesOfAnotherPython from './containers/packages-of-another-python.ts'
import containersPhpExtensionMissing from './containers/php-extension-missing.ts'
import containersPhpExtensionRefused from './containers/php-extension-refused.ts'
import containersPhpFileMisplaced from './containers/php-file-misplaced.ts'
import containersPortNotOpened from './containers/port-not-opened.ts'
import containersPortNotPublished from './containers/port-not-published.ts'
import containersPrefixNotTold from './containers/prefix-not-told.ts'
import containersPrivateLabelShared from './containers/private-label-shared.ts'
import containersProbeOutsideContextPath from './containers/probe-outside-context-path.ts'
import containersProgramNotInImage from './containers/program-not-in-image.ts'
import containersPythonPackageMissing from './containers/python-package-missing.ts'
import containersRedirectShowsInnerPort from './containers/redirect-shows-inner-port.ts'
import containersRequirementRefused from './containers/requirement-refused.ts'
import containersResolverNotDocker from './containers/resolver-not-docker.ts'
import containersRootImageRefused from './containers/root-image-refused.ts'
import containersRunBeforeCopy from './containers/run-before-copy.ts'
import containersSamePathOtherVolume from './containers/same-path-other-volume.ts'
import containersSecretEndsInNewline from './containers/secret-ends-in-newline.ts'
import containersSecretNotGranted from './containers/secret-not-granted.ts'
import containersSecretPathAsValue from './containers/secret-path-as-value.ts'
import containersServedDirectoryNotMounted from './containers/served-directory-not-mounted.ts'
import containersServerNotInstalled from './containers/server-not-installed.ts'
import containersServerPidKept from './containers/server-pid-kept.ts'
import containersServicePortUnheard from './containers/service-port-unheard.ts'
import containersServiceVariableAsPort from './containers/service-variable-as-port.ts'
import containersServletsOfOtherNamespace from './containers/servlets-of-other-namespace.ts'
import containersShellRefusesLine from './containers/shell-refuses-line.ts'
import containersSidecarByName from './containers/sidecar-by-name.ts'
import containersSiteFilesElsewhere from './containers/site-files-elsewhere.ts'
import containersSiteNotIncluded from './containers/site-not-included.ts'
import containersSocketNotShared from './containers/socket-not-shared.ts'
import containersStageMissing from './containers/stage-missing.ts'
import containersStartScriptRefused from './containers/start-script-refused.ts'
import containersStaticVolumeUnfilled from './containers/static-volume-unfilled.ts'
import containersStepWithoutEffect from './containers/step-without-effect.ts'
import containersStorageLinkDangling from './containers/storage-link-dangling.ts'
import containersSupervisordInBackground from './containers/supervisord-in-background.ts'
import containersTraefikCertificateWithoutHost from './containers/traefik-certificate-without-host.ts'
import containersTraefikLabelRefused from './containers/traefik-label-refused.ts'
import containersTraefikMiddlewareUnused from './containers/traefik-middleware-unused.ts'
import containersTraefikNameUnknown from './containers/traefik-name-unknown.ts'
import containersTraefikNetworkRenamed from './containers/traefik-network-renamed.ts'
import containersTraefikNotEnabled from './containers/traefik-not-enabled.ts'
import containersTraefikOtherNetwork from './containers/traefik-other-network.ts'
import containersTraefikRouterWithoutResolver from './containers/traefik-router-without-resolver.ts'
import containersTraefikRouterWithoutTls from './containers/traefik-router-without-tls.ts'
import containersUndefinedReference from './containers/undefined-reference.ts'
import containersUnknownService from './containers/unknown-service.ts'
import containersUserMissing from './containers/user-missing.ts'
import containersVariableNamedOtherwise from './containers/variable-named-otherwise.ts'
import containersVariableNotFilled from './containers/variable-not-filled.ts'
import containersVariableReadAtBuild from './containers/variable-read-at-build.ts'
import containersVirtualHostNoName from './containers/virtual-host-no-name.ts'
import containersVolumeKeepsOldFiles from './containers/volume-keeps-old-files.ts'
import containersVolumeOfOneNode from './containers/volume-of-one-node.ts'
import containersVolumeOwnedByRoot from './containers/volume-owned-by-root.ts'
import containersWelcomePageAnswers from './containers/welcome-page-answers.ts'
import containersWorkerWithoutUploads from './containers/worker-without-uploads.ts'
import djangoAdditionRefused from './django/addition-refused.ts'
import djangoAllowedHostMalformed from './django/allowed-host-malformed.ts'
import djangoAllowedHostNotNamed from './django/allowed-host-not-named.ts'
import djangoCacheBeforeSessions from './django/cache-before-sessions.ts'
import djangoCacheClearEmptiesQueue from './django/cache-clear-empties-queue.ts'
import djangoCommaMissing from './django/comma-missing.ts'
import djangoCookieDomainForeign from './django/cookie-domain-foreign.ts'
import djangoCorsNotOnRedirects from './django/cors-not-on-redirects.ts'
import djangoCorsNotSent from './django/cors-not-sent.ts'
import djangoCsrfHostNotSent from './django/csrf-host-not-sent.ts'
import djangoCsrfOriginMalformed from './django/csrf-origin-malformed.ts'
import djangoCsrfOriginUntrusted from './django/csrf-origin-untrusted.ts'
import djangoDatabaseRefused from './django/database-refused.ts'
import djangoDatabaseSettingNotRead from './django/database-setting-not-read.ts'
import djangoDebugOn from './django/debug-on.ts'
import djangoDottedNameMisspelt from './django/dotted-name-misspelt.ts'
import djangoEntryRefused from './django/entry-refused.ts'
import djangoEnvFileNotFound from './django/env-file-not-found.ts'
import djangoEnvironDefaultAsType from './django/environ-default-as-type.ts'
import djangoEnvironMisspelt from './django/environ-misspelt.ts'
import djangoHandlerWithoutSetup from './django/handler-without-setup.ts'
import djangoHealthCheckRedirected from './django/health-check-redirected.ts'
import djangoHealthCheckRefused from './django/health-check-refused.ts'
import djangoHostNotAllowed from './django/host-not-allowed.ts'
import djangoHostWithUnderscore from './django/host-with-underscore.ts'
import djangoImportRemoved from './django/import-removed.ts'
import djangoImportedBeforeSetup from './django/imported-before-setup.ts'
import djangoJoinDropsBase from './django/join-drops-base.ts'
import djangoLogDirectoryMissing from './django/log-directory-missing.ts'
import djangoLogRotatedByEachProcess from './django/log-rotated-by-each-process.ts'
import djangoLoggingRefused from './django/logging-refused.ts'
import djangoLoginUrlWithoutPrefix from './django/login-url-without-prefix.ts'
import djangoMailNotSent from './django/mail-not-sent.ts'
import djangoMiddlewareMissing from './django/middleware-missing.ts'
import djangoModuleNotFound from './django/module-not-found.ts'
import djangoNameUndefined from './django/name-undefined.ts'
import djangoPackageNotRequired from './django/package-not-required.ts'
import djangoProxySslHeaderForgeable from './django/proxy-ssl-header-forgeable.ts'
import djangoProxySslHeaderMisspelt from './django/proxy-ssl-header-misspelt.ts'
import djangoReferrerPolicyRefusesForms from './django/referrer-policy-refuses-forms.ts'
import djangoRemoteUserNotPassed from './django/remote-user-not-passed.ts'
import djangoRestFrameworkRefused from './django/rest-framework-refused.ts'
import djangoSamesiteWithoutSecure from './django/samesite-without-secure.ts'
import djangoScriptNameLeftInPath from './django/script-name-left-in-path.ts'
import djangoSecureCookieOverHttp from './django/secure-cookie-over-http.ts'
import djangoSessionCookieOverwritten from './django/session-cookie-overwritten.ts'
import djangoSessionsInProcess from './django/sessions-in-process.ts'
import djangoSettingIsText from './django/setting-is-text.ts'
import djangoSettingNotRead from './django/setting-not-read.ts'
import djangoSettingReplaced from './django/setting-replaced.ts'
import djangoSettingType from './django/setting-type.ts'
import djangoSettingsImport from './django/settings-import.ts'
import djangoSettingsNotPython from './django/settings-not-python.ts'
import djangoSettingsRefused from './django/settings-refused.ts'
import djangoSlashRemoved from './django/slash-removed.ts'
import djangoSqliteNotKept from './django/sqlite-not-kept.ts'
import djangoSqliteNotWritable from './django/sqlite-not-writable.ts'
import djangoSslRedirectLoop from './django/ssl-redirect-loop.ts'
import djangoStaticManifestMissing from './django/static-manifest-missing.ts'
import djangoStaticNotServed from './django/static-not-served.ts'
import djangoStaticRootCollected from './django/static-root-collected.ts'
import djangoStaticRootUnset from './django/static-root-unset.ts'
import djangoStaticWithoutServer from './django/static-without-server.ts'
import djangoUploadModeUnreadable from './django/upload-mode-unreadable.ts'
import djangoWwwRemoved from './django/www-removed.ts'
import forwardedHeadersAddressPassthrough from './forwarded-headers/address-passthrough.ts'
import forwardedHeadersDirectoryRedirectLeavesTls from './forwarded-headers/directory-redirect-leaves-tls.ts'
import forwardedHeadersDoubleProxyProcessing from './forwarded-headers/double-proxy-processing.ts'
import forwardedHeadersDuplicated from './forwarded-headers/duplicated.ts'
import forwardedHeadersExpressionFormatLetter from './forwarded-headers/expression-format-letter.ts'
import forwardedHeadersFormOriginRefused from './forwarded-headers/form-origin-refused.ts'
import forwardedHeadersHaproxySchemeNotSent from './forwarded-headers/haproxy-scheme-not-sent.ts'
import forwardedHeadersHeaderNameInvalid from './forwarded-headers/header-name-invalid.ts'
import forwardedHeadersHeaderNameMisspelt from './forwarded-headers/header-name-misspelt.ts'
import forwardedHeadersHostCompared from './forwarded-headers/host-compared.ts'
import forwardedHeadersHostFromClient from './forwarded-headers/host-from-client.ts'
import forwardedHeadersHostIsNoName from './forwarded-headers/host-is-no-name.ts'
import forwardedHeadersHostJoinedByApache from './forwarded-headers/host-joined-by-apache.ts'
import forwardedHeadersHostNotPreservedByApache from './forwarded-headers/host-not-preserved-by-apache.ts'
import forwardedHeadersHostSpoofable from './forwarded-headers/host-spoofable.ts'
import forwardedHeadersHostWithBackendPort from './forwarded-headers/host-with-backend-port.ts'
import forwardedHeadersHostWithoutPort from './forwarded-headers/host-without-port.ts'
import forwardedHeadersInheritanceLost from './forwarded-headers/inheritance-lost.ts'
import forwardedHeadersInternalIpsBehindProxy from './forwarded-headers/internal-ips-behind-proxy.ts'
import forwardedHeadersLocalOnlyAclBehindProxy from './forwarded-headers/local-only-acl-behind-proxy.ts'
import forwardedHeadersLogShowsProxy from './forwarded-headers/log-shows-proxy.ts'
import forwardedHeadersOneAddressHeader from './forwarded-headers/one-address-header.ts'
import forwardedHeadersOriginFromReferer from './forwarded-headers/origin-from-referer.ts'
import forwardedHeadersOuterProxyAsClient from './forwarded-headers/outer-proxy-as-client.ts'
import forwardedHeadersOwnAddressElsewhere from './forwarded-headers/own-address-elsewhere.ts'
import forwardedHeadersProgramNotTold from './forwarded-headers/program-not-told.ts'
import forwardedHeadersProtoAlwaysHttp from './forwarded-headers/proto-always-http.ts'
import forwardedHeadersProtoAlwaysHttps from './forwarded-headers/proto-always-https.ts'
import forwardedHeadersProtoNameMismatch from './forwarded-headers/proto-name-mismatch.ts'
import forwardedHeadersProtoNotSent from './forwarded-headers/proto-not-sent.ts'
import forwardedHeadersProtoPassthrough from './forwarded-headers/proto-passthrough.ts'
import forwardedHeadersProtoSpoofable from './forwarded-headers/proto-spoofable.ts'
import forwardedHeadersProxyHostHttpHost from './forwarded-headers/proxy-host-http-host.ts'
import forwardedHeadersProxyHostNotForwarded from './forwarded-headers/proxy-host-not-forwarded.ts'
import forwardedHeadersProxyProtocolAddressUnused from './forwarded-headers/proxy-protocol-address-unused.ts'
import forwardedHeadersProxyProtocolVariableEmpty from './forwarded-headers/proxy-protocol-variable-empty.ts'
import forwardedHeadersRealIpHeaderNotSent from './forwarded-headers/real-ip-header-not-sent.ts'
import forwardedHeadersRealIpNoTrustList from './forwarded-headers/real-ip-no-trust-list.ts'
import forwardedHeadersRealIpNotRecursive from './forwarded-headers/real-ip-not-recursive.ts'
import forwardedHeadersRealIpTrustAll from './forwarded-headers/real-ip-trust-all.ts'
import forwardedHeadersRemoteAddrFromHeader from './forwarded-headers/remote-addr-from-header.ts'
import forwardedHeadersRemoteipMismatch from './forwarded-headers/remoteip-mismatch.ts'
import forwardedHeadersRemoteipMissing from './forwarded-headers/remoteip-missing.ts'
import forwardedHeadersRemoteipNoTrustList from './forwarded-headers/remoteip-no-trust-list.ts'
import forwardedHeadersRemoteipTrustedproxyForLoopback from './forwarded-headers/remoteip-trustedproxy-for-loopback.ts'
import forwardedHeadersRequestSplitting from './forwarded-headers/request-splitting.ts'
import forwardedHeadersResponseInsteadOfRequest from './forwarded-headers/response-instead-of-request.ts'
import forwardedHeadersSetenvHttpsUnconditional from './forwarded-headers/setenv-https-unconditional.ts'
import forwardedHeadersSetenvifHttpsBadValue from './forwarded-headers/setenvif-https-bad-value.ts'
import forwardedHeadersSetenvifHttpsUnanchored from './forwarded-headers/setenvif-https-unanchored.ts'
import forwardedHeadersSslVariableUnset from './forwarded-headers/ssl-variable-unset.ts'
import forwardedHeadersTlsRequiredBehindProxy from './forwarded-headers/tls-required-behind-proxy.ts'
import forwardedHeadersUnderscoredHeaderDropped from './forwarded-headers/underscored-header-dropped.ts'
import forwardedHeadersUnderscoresInHeaders from './forwarded-headers/underscores-in-headers.ts'
import forwardedHeadersVariableMisspelt from './forwarded-headers/variable-misspelt.ts'
import forwardedHeadersXffClientAppended from './forwarded-headers/xff-client-appended.ts'
import hardeningAllowoverrideOn from './hardening/allowoverride-on.ts'
import hardeningClientsUnlimited from './hardening/clients-unlimited.ts'
import hardeningContentSecurityPolicyMissing from './hardening/content-security-policy-missing.ts'
import hardeningContentTypeSniffed from './hardening/content-type-sniffed.ts'
import hardeningCookieFlagsMissing from './hardening/cookie-flags-missing.ts'
import hardeningDefaultContent from './hardening/default-content.ts'
import hardeningFileetagInode from './hardening/fileetag-inode.ts'
import hardeningFramingAllowed from './hardening/framing-allowed.ts'
import hardeningHiddenFilesServed from './hardening/hidden-files-served.ts'
import hardeningKeepalive from './hardening/keepalive.ts'
import hardeningLogMissing from './hardening/log-missing.ts'
import hardeningMethodUnrestricted from './hardening/method-unrestricted.ts'
import hardeningModuleUnused from './hardening/module-unused.ts'
import hardeningOldTlsByDefault from './hardening/old-tls-by-default.ts'
import hardeningOptionsWide from './hardening/options-wide.ts'
import hardeningReferrerPolicyMissing from './hardening/referrer-policy-missing.ts'
import hardeningRequestLimits from './hardening/request-limits.ts'
import hardeningRequestreadtimeout from './hardening/requestreadtimeout.ts'
import hardeningRootNotDenied from './hardening/root-not-denied.ts'
import hardeningSessionTickets from './hardening/session-tickets.ts'
import hardeningTimeoutsLong from './hardening/timeouts-long.ts'
import hardeningTlsCompression from './hardening/tls-compression.ts'
import hardeningTraceEnabled from './hardening/trace-enabled.ts'
import hardeningVersionShown from './hardening/version-shown.ts'
import hardeningWeakCiphers from './hardening/weak-ciphers.ts'
import loopbackAppServerPublic from './loopback/app-server-public.ts'
import loopbackDefaultListenLeft from './loopback/default-listen-left.ts'
import loopbackFastcgiPublic from './loopback/fastcgi-public.ts'
import loopbackListenNoIpv6Pair from './loopback/listen-no-ipv6-pair.ts'
import loopbackListenPortConflict from './loopback/listen-port-conflict.ts'
import loopbackListenPublic from './loopback/listen-public.ts'
import loopbackListenUnused from './loopback/listen-unused.ts'
import loopbackLocalhostTrustedOnce from './loopback/localhost-trusted-once.ts'
import loopbackPostgresListenPublic from './loopback/postgres-listen-public.ts'
import loopbackVhostWildcardOnLoopbackListen from './loopback/vhost-wildcard-on-loopback-listen.ts'
import nginxBackslashReference from './nginx/backslash-reference.ts'
import nginxCaptureOverwritten from './nginx/capture-overwritten.ts'
import nginxCaptureWithoutGroup from './nginx/capture-without-group.ts'
import nginxCommaInList from './nginx/comma-in-list.ts'
import nginxDefinedNowhere from './nginx/defined-nowhere.ts'
import nginxDeniedDotUnescaped from './nginx/denied-dot-unescaped.ts'
import nginxDirectiveOfAnotherPass from './nginx/directive-of-another-pass.ts'
import nginxDirectoryMissing from './nginx/directory-missing.ts'
import nginxErrorPageHidesStatus from './nginx/error-page-hides-status.ts'
import nginxErrorPageKeepsStatus from './nginx/error-page-keeps-status.ts'
import nginxErrorPageNotIntercepted from './nginx/error-page-not-intercepted.ts'
import nginxErrorPageNotRecursive from './nginx/error-page-not-recursive.ts'
import nginxErrorPageProxied from './nginx/error-page-proxied.ts'
import nginxErrorPageRefused from './nginx/error-page-refused.ts'
import nginxErrorPageRepeated from './nginx/error-page-repeated.ts'
import nginxErrorPageWithoutSlash from './nginx/error-page-without-slash.ts'
import nginxExtensionDotUnescaped from './nginx/extension-dot-unescaped.ts'
import nginxExtensionsUngrouped from './nginx/extensions-ungrouped.ts'
import nginxFallbackLeavesAlias from './nginx/fallback-leaves-alias.ts'
import nginxFallbackRefused from './nginx/fallback-refused.ts'
import nginxFileTestNotPath from './nginx/file-test-not-path.ts'
import nginxGlobInPattern from './nginx/glob-in-pattern.ts'
import nginxGroupMiscounted from './nginx/group-miscounted.ts'
import nginxGroupRepeated from './nginx/group-repeated.ts'
import nginxIfLosesTryFiles from './nginx/if-loses-try-files.ts'
import nginxIncludeMisspelt from './nginx/include-misspelt.ts'
import nginxInternalRedirectCycle from './nginx/internal-redirect-cycle.ts'
import nginxLimitPageOfOtherStatus from './nginx/limit-page-of-other-status.ts'
import nginxLineNotEnded from './nginx/line-not-ended.ts'
import nginxListNotInherited from './nginx/list-not-inherited.ts'
import nginxLocationLiteralWildcard from './nginx/location-literal-wildcard.ts'
import nginxLocationNeverReached from './nginx/location-never-reached.ts'
import nginxLogFileNamedSwitch from './nginx/log-file-named-switch.ts'
import nginxLogJsonMalformed from './nginx/log-json-malformed.ts'
import nginxLogJsonUnescaped from './nginx/log-json-unescaped.ts'
import nginxLookaheadMisspelt from './nginx/lookahead-misspelt.ts'
import nginxLoopRepeatsDirective from './nginx/loop-repeats-directive.ts'
import nginxMapEntryNeverReached from './nginx/map-entry-never-reached.ts'
import nginxMapHostnamesMissing from './nginx/map-hostnames-missing.ts'
import nginxMapKeyNeverMatches from './nginx/map-key-never-matches.ts'
import nginxMapWithoutCharset from './nginx/map-without-charset.ts'
import nginxMediaTypeMisplaced from './nginx/media-type-misplaced.ts'
import nginxMirrorDropsPath from './nginx/mirror-drops-path.ts'
import nginxModuleNotLoaded from './nginx/module-not-loaded.ts'
import nginxPassBehindReturn from './nginx/pass-behind-return.ts'
import nginxPatternNeverMatches from './nginx/pattern-never-matches.ts'
import nginxPatternNotPath from './nginx/pattern-not-path.ts'
import nginxPlaceholderLeftOut from './nginx/placeholder-left-out.ts'
import nginxPlaceholderSlashDoubled from './nginx/placeholder-slash-doubled.ts'
import nginxProxyPassDropsQuery from './nginx/proxy-pass-drops-query.ts'
import nginxProxyPassDropsUri from './nginx/proxy-pass-drops-uri.ts'
import nginxProxyPassNormalisesUri from './nginx/proxy-pass-normalises-uri.ts'
import nginxProxyPassSlashMismatch from './nginx/proxy-pass-slash-mismatch.ts'
import nginxProxyPassUriIgnored from './nginx/proxy-pass-uri-ignored.ts'
import nginxQueryWithoutQuestionMark from './nginx/query-without-question-mark.ts'
import nginxQuestionMarkUnescaped from './nginx/question-mark-unescaped.ts'
import nginxQuoteInPattern from './nginx/quote-in-pattern.ts'
import nginxRegexBacktracks from './nginx/regex-backtracks.ts'
import nginxRelativeToPrefix from './nginx/relative-to-prefix.ts'
import nginxReturnJsonMalformed from './nginx/return-json-malformed.ts'
import nginxRewriteNeverReached from './nginx/rewrite-never-reached.ts'
import nginxRewriteWithoutSlash from './nginx/rewrite-without-slash.ts'
import nginxRewrittenPathGlued from './nginx/rewritten-path-glued.ts'
import nginxServerTryFilesUnused from './nginx/server-try-files-unused.ts'
import nginxServiceDoesNotWait from './nginx/service-does-not-wait.ts'
import nginxServiceForbids from './nginx/service-forbids.ts'
import nginxSettingLeftBehind from './nginx/setting-left-behind.ts'
import nginxSiteNotIncluded from './nginx/site-not-included.ts'
import nginxSocketPathSetting from './nginx/socket-path-setting.ts'
import nginxSocketPathSlash from './nginx/socket-path-slash.ts'
import nginxSplitClientsRemainder from './nginx/split-clients-remainder.ts'
import nginxSslPrereadOff from './nginx/ssl-preread-off.ts'
import nginxStockSiteAnswers from './nginx/stock-site-answers.ts'
import nginxSubFilterCompressed from './nginx/sub-filter-compressed.ts'
import nginxSubFilterOnce from './nginx/sub-filter-once.ts'
import nginxSyntax from './nginx/syntax.ts'
import nginxTemplateTagBroken from './nginx/template-tag-broken.ts'
import nginxTildeNotExpanded from './nginx/tilde-not-expanded.ts'
import nginxTryFilesBeforePass from './nginx/try-files-before-pass.ts'
import nginxTryFilesFallbackNotLast from './nginx/try-files-fallback-not-last.ts'
import nginxTryFilesLosesQuery from './nginx/try-files-loses-query.ts'
import nginxTryFilesWithoutSlash from './nginx/try-files-without-slash.ts'
import nginxTypographicQuotes from './nginx/typographic-quotes.ts'
import nginxUpstreamVariableInRequest from './nginx/upstream-variable-in-request.ts'
import nginxVariableAskedTooEarly from './nginx/variable-asked-too-early.ts'
import nginxVariableBehindBackslash from './nginx/variable-behind-backslash.ts'
import nginxVariableLostToShell from './nginx/variable-lost-to-shell.ts'
import nginxVariableNotExpanded from './nginx/variable-not-expanded.ts'
import nginxVariableUnset from './nginx/variable-unset.ts'
import nginxVariableWithoutDollar from './nginx/variable-without-dollar.ts'
import nginxWebsocketConnectionMissing from './nginx/websocket-connection-missing.ts'
import nginxWebsocketHttpVersion from './nginx/websocket-http-version.ts'
import nginxWebsocketUpgradeMissing from './nginx/websocket-upgrade-missing.ts'
import phpAuthorizationDropped from './php/authorization-dropped.ts'
import phpConstantAfterWordpress from './php/constant-after-wordpress.ts'
import phpCookieDomainForeign from './php/cookie-domain-foreign.ts'
import phpDailyLogTakenByRoot from './php/daily-log-taken-by-root.ts'
import phpDotenvCutAtHash from './php/dotenv-cut-at-hash.ts'
import phpDotenvRefused from './php/dotenv-refused.ts'
import phpEngineOffSkipped from './php/engine-off-skipped.ts'
import phpEnvironmentCleared from './php/environment-cleared.ts'
import phpErrorsShown from './php/errors-shown.ts'
import phpFrontControllerUnasked from './php/front-controller-unasked.ts'
import phpHandlerNotRemoved from './php/handler-not-removed.ts'
import phpHomeHidden from './php/home-hidden.ts'
import phpHotFileLeft from './php/hot-file-left.ts'
import phpHtaccessFrontControllerLost from './php/htaccess-front-controller-lost.ts'
import phpHttpsNeverEmpty from './php/https-never-empty.ts'
import phpHttpsNotTold from './php/https-not-told.ts'
import phpListenReplacedByImage from './php/listen-replaced-by-image.ts'
import phpNextcloudAsRoot from './php/nextcloud-as-root.ts'
import phpOpcacheNotReset from './php/opcache-not-reset.ts'
import phpOpenBasedir from './php/open-basedir.ts'
import phpOwnAddressRedirected from './php/own-address-redirected.ts'
import phpPathInfoEmpty from './php/path-info-empty.ts'
import phpPoolRefused from './php/pool-refused.ts'
import phpReleaseLinkNotResolved from './php/release-link-not-resolved.ts'
import phpRequestMethodMissing from './php/request-method-missing.ts'
import phpRequestRefused from './php/request-refused.ts'
import phpRootAbovePublic from './php/root-above-public.ts'
import phpRunsAnyFile from './php/runs-any-file.ts'
import phpScriptFilenameBehindAlias from './php/script-filename-behind-alias.ts'
import phpScriptFilenameFixed from './php/script-filename-fixed.ts'
import phpScriptFilenameMissing from './php/script-filename-missing.ts'
import phpScriptNotInContainer from './php/script-not-in-container.ts'
import phpScriptOutsideChroot from './php/script-outside-chroot.ts'
import phpScriptRootElsewhere from './php/script-root-elsewhere.ts'
import phpScriptsLostToRegex from './php/scripts-lost-to-regex.ts'
import phpSessionDirectoryOfPackage from './php/session-directory-of-package.ts'
import phpSessionsNeverSwept from './php/sessions-never-swept.ts'
import phpSettingNotTaken from './php/setting-not-taken.ts'
import phpSettingsOfAnotherPhp from './php/settings-of-another-php.ts'
import phpShortTagsOff from './php/short-tags-off.ts'
import phpSocketPermissions from './php/socket-permissions.ts'
import phpValueSentTwice from './php/value-sent-twice.ts'
import phpWordpressRobotsMissing from './php/wordpress-robots-missing.ts'
import phpWpCronUncalled from './php/wp-cron-uncalled.ts'
import responseHeadersAddHeaderLost from './response-headers/add-header-lost.ts'
import responseHeadersCacheControlContradicts from './response-headers/cache-control-contradicts.ts'
import responseHeadersContentTypeTwice from './response-headers/content-type-twice.ts'
import responseHeadersCookieEditInOtherTable from './response-headers/cookie-edit-in-other-table.ts'
import responseHeadersCookiePathReversed from './response-headers/cookie-path-reversed.ts'
import responseHeadersCookiePathUnreachable from './response-headers/cookie-path-unreachable.ts'
import responseHeadersCorsFontsWithoutWoff2 from './response-headers/cors-fonts-without-woff2.ts'
import responseHeadersCorsMethodRefused from './response-headers/cors-method-refused.ts'
import responseHeadersCorsPreflightUnanswered from './response-headers/cors-preflight-unanswered.ts'
import responseHeadersCorsPreflightUnauthorized from './response-headers/cors-preflight-unauthorized.ts'
import responseHeadersCorsSentTwice from './response-headers/cors-sent-twice.ts'
import responseHeadersCorsValueRefused from './response-headers/cors-value-refused.ts'
import responseHeadersCorsWithoutAlways from './response-headers/cors-without-always.ts'
import responseHeadersHeaderNameMisspelt from './response-headers/header-name-misspelt.ts'
import responseHeadersHeaderValueNewline from './response-headers/header-value-newline.ts'
import responseHeadersMatrixClientWithoutCors from './response-headers/matrix-client-without-cors.ts'
import responseHeadersMoreHeadersWithoutColon from './response-headers/more-headers-without-colon.ts'
import responseHeadersOriginReflected from './response-headers/origin-reflected.ts'
import responseHeadersOriginReflectedByApache from './response-headers/origin-reflected-by-apache.ts'
import responseHeadersPageSentAsFile from './response-headers/page-sent-as-file.ts'
import responseHeadersPolicyBlocksPage from './response-headers/policy-blocks-page.ts'
import responseHeadersReturnWritesPath from './response-headers/return-writes-path.ts'
import responseHeadersSentTwiceByApache from './response-headers/sent-twice-by-apache.ts'
import responseHeadersUpgradeInsecureWithoutTls from './response-headers/upgrade-insecure-without-tls.ts'
import responseHeadersUpgradeOverHttp2 from './response-headers/upgrade-over-http2.ts'
import responseHeadersValueIgnored from './response-headers/value-ignored.ts'
import responseHeadersValuesContradict from './response-headers/values-contradict.ts'
import sizingApacheWorkersStarvedByDaemon from './sizing/apache-workers-starved-by-daemon.ts'
import sizingDaemonProcesses1Explicit from './sizing/daemon-processes-1-explicit.ts'
import sizingDaemonThreadUnsafe from './sizing/daemon-thread-unsafe.ts'
import sizingDaemonThreadsExceedApacheWorkers from './sizing/daemon-threads-exceed-apache-workers.ts'
import sizingDaemonThreadsExcessive from './sizing/daemon-threads-excessive.ts'
import sizingKeepaliveConnectionClose from './sizing/keepalive-connection-close.ts'
import sizingKeepaliveTimeoutRace from './sizing/keepalive-timeout-race.ts'
import sizingLowRamServers from './sizing/low-ram-servers.ts'
import sizingMpmNotLoadedAsDescribed from './sizing/mpm-not-loaded-as-described.ts'
import sizingMpmThreadsExceedThreadlimit from './sizing/mpm-threads-exceed-threadlimit.ts'
import sizingMpmWorkersExceedServerlimit from './sizing/mpm-workers-exceed-serverlimit.ts'
import sizingMpmWorkersNotMultiple from './sizing/mpm-workers-not-multiple.ts'
import sizingNginxKeepalivePinsWorkers from './sizing/nginx-keepalive-pins-workers.ts'
import sizingNginxWorkerConnections from './sizing/nginx-worker-connections.ts'
import sizingPostgresConnectionsExceeded from './sizing/postgres-connections-exceeded.ts'
import sizingUpstreamKeepaliveIneffective from './sizing/upstream-keepalive-ineffective.ts'
import staticFilesAliasRegexWithoutCapture from './static-files/alias-regex-without-capture.ts'
import staticFilesAliasSlashMissing from './static-files/alias-slash-missing.ts'
import staticFilesAliasTraversal from './static-files/alias-traversal.ts'
import staticFilesApplicationBase from './static-files/application-base.ts'
import staticFilesApplicationPageNotFound from './static-files/application-page-not-found.ts'
import staticFilesAssetAnsweredByScript from './static-files/asset-answered-by-script.ts'
import staticFilesAutoindexOn from './static-files/autoindex-on.ts'
import staticFilesBelowClosedHome from './static-files/below-closed-home.ts'
import staticFilesBelowHomeOfRoot from './static-files/below-home-of-root.ts'
import staticFilesChangedFileKept from './static-files/changed-file-kept.ts'
import staticFilesCompressedTypeUnknown from './static-files/compressed-type-unknown.ts'
import staticFilesCopiedOneLevelBelow from './static-files/copied-one-level-below.ts'
import staticFilesDefaultPageLeft from './static-files/default-page-left.ts'
import staticFilesDirectoryBeforeFallback from './static-files/directory-before-fallback.ts'
import staticFilesDirectoryMisspelt from './static-files/directory-misspelt.ts'
import staticFilesDocumentRootMismatch from './static-files/document-root-mismatch.ts'
import staticFilesDotfilesServed from './static-files/dotfiles-served.ts'
import staticFilesErrorPageMissing from './static-files/error-page-missing.ts'
import staticFilesExtensionCase from './static-files/extension-case.ts'
import staticFilesGzipNotForCdn from './static-files/gzip-not-for-cdn.ts'
import staticFilesHtaccessNotApplied from './static-files/htaccess-not-applied.ts'
import staticFilesIndexLeavesLocation from './static-files/index-leaves-location.ts'
import staticFilesInternalFilesServed from './static-files/internal-files-served.ts'
import staticFilesMediaExecutable from './static-files/media-executable.ts'
import staticFilesMediaTypeMisspelt from './static-files/media-type-misspelt.ts'
import staticFilesMissingAssetAnswersPage from './static-files/missing-asset-answers-page.ts'
import staticFilesModuleTypeMissing from './static-files/module-type-missing.ts'
import staticFilesPageNotThere from './static-files/page-not-there.ts'
import staticFilesPagesExpireLate from './static-files/pages-expire-late.ts'
import staticFilesPathFromClient from './static-files/path-from-client.ts'
import staticFilesPhpSourceServed from './static-files/php-source-served.ts'
import staticFilesRailsFilesUnserved from './static-files/rails-files-unserved.ts'
import staticFilesRegexTakesAliasedPath from './static-files/regex-takes-aliased-path.ts'
import staticFilesRootExposesCode from './static-files/root-exposes-code.ts'
import staticFilesRootInOneLocation from './static-files/root-in-one-location.ts'
import staticFilesRootIsFileSystem from './static-files/root-is-file-system.ts'
import staticFilesRootRepeatsLocation from './static-files/root-repeats-location.ts'
import staticFilesRsyncDeletesUploads from './static-files/rsync-deletes-uploads.ts'
import staticFilesScriptsNotCompressed from './static-files/scripts-not-compressed.ts'
import staticFilesSendfileOnSyncedFolder from './static-files/sendfile-on-synced-folder.ts'
import staticFilesStartPageCacheable from './static-files/start-page-cacheable.ts'
import staticFilesStartPageNotLookedFor from './static-files/start-page-not-looked-for.ts'
import staticFilesStateDirectoryPrivate from './static-files/state-directory-private.ts'
import staticFilesTypesWithoutCss from './static-files/types-without-css.ts'
import staticFilesWsgiDirInDocroot from './static-files/wsgi-dir-in-docroot.ts'
import suppressionReasonMissing from './suppression/reason-missing.ts'
import suppressionUnknownRule from './suppression/unknown-rule.ts'
import suppressionUnused from './suppression/unused.ts'
import timeoutsApacheBelowAppServer from './timeouts/apache-below-app-server.ts'
import timeoutsApacheBelowNginx from './timeouts/apache-below-nginx.ts'
import timeoutsApacheBelowPhp from './timeouts/apache-below-php.ts'
import timeoutsFpmBelowPhp from './timeouts/fpm-below-php.ts'
import timeoutsGunicornBelowApache from './timeouts/gunicorn-below-apache.ts'
import timeoutsGunicornBelowNginx from './timeouts/gunicorn-below-nginx.ts'
import timeoutsNginxBelowApache from './timeouts/nginx-below-apache.ts'
import timeoutsNginxBelowAppServer from './timeouts/nginx-below-app-server.ts'
import timeoutsNginxBelowPhp from './timeouts/nginx-below-php.ts'
import timeoutsQuietWebsocketClosed from './timeouts/quiet-websocket-closed.ts'
import timeoutsRequestBodyCutOff from './timeouts/request-body-cut-off.ts'
import timeoutsSupervisorBelowGunicorn from './timeouts/supervisor-below-gunicorn.ts'
import timeoutsUwsgiHarakiriBelowNginx from './timeouts/uwsgi-harakiri-below-nginx.ts'
import timeoutsWsgiRequestTimeoutKillsProcess from './timeouts/wsgi-request-timeout-kills-process.ts'
import timeoutsWsgiRequestTimeoutMissing from './timeouts/wsgi-request-timeout-missing.ts'
import tlsAcmeChallengeNotServed from './tls/acme-challenge-not-served.ts'
import tlsAcmePortTaken from './tls/acme-port-taken.ts'
import tlsApacheSniMismatch from './tls/apache-sni-mismatch.ts'
import tlsBackendAsksCertificate from './tls/backend-asks-certificate.ts'
import tlsBackendNameUnverifiable from './tls/backend-name-unverifiable.ts'
import tlsBackendNotVerified from './tls/backend-not-verified.ts'
import tlsBackendProxiedOverTlsToPlain from './tls/backend-proxied-over-tls-to-plain.ts'
import tlsCertNameMismatch from './tls/cert-name-mismatch.ts'
import tlsCertificateOfAnotherKey from './tls/certificate-of-another-key.ts'
import tlsCertificateOfDefaultServer from './tls/certificate-of-default-server.ts'
import tlsCertificatesNotKept from './tls/certificates-not-kept.ts'
import tlsChainBroken from './tls/chain-broken.ts'
import tlsChainFileRepeatsCertificate from './tls/chain-file-repeats-certificate.ts'
import tlsChainMissing from './tls/chain-missing.ts'
import tlsClientCaMissing from './tls/client-ca-missing.ts'
import tlsClientCaPublic from './tls/client-ca-public.ts'
import tlsClientCertificateAfterHandshake from './tls/client-certificate-after-handshake.ts'
import tlsClientCertificateAskedBefore from './tls/client-certificate-asked-before.ts'
import tlsClientCertificateNotAsked from './tls/client-certificate-not-asked.ts'
import tlsHstsMissing from './tls/hsts-missing.ts'
import tlsHstsNotAlways from './tls/hsts-not-always.ts'
import tlsHstsOnHttp from './tls/hsts-on-http.ts'
import tlsHttp2WithoutSsl from './tls/http2-without-ssl.ts'
import tlsHttp3NotAnnounced from './tls/http3-not-announced.ts'
import tlsKeyUnreadable from './tls/key-unreadable.ts'
import tlsKeyWithPassphrase from './tls/key-with-passphrase.ts'
import tlsKeyWorldReadable from './tls/key-world-readable.ts'
import tlsLineageNotRenewed from './tls/lineage-not-renewed.ts'
import tlsListenWithoutSsl from './tls/listen-without-ssl.ts'
import tlsPinnedIpListen from './tls/pinned-ip-listen.ts'
import tlsProtocolsOfDefaultServer from './tls/protocols-of-default-server.ts'
import tlsRenewalByHand from './tls/renewal-by-hand.ts'
import tlsRenewalWithoutReload from './tls/renewal-without-reload.ts'
import tlsSslOnDeprecated from './tls/ssl-on-deprecated.ts'
import tlsSslOnHitsPlainListen from './tls/ssl-on-hits-plain-listen.ts'
import tlsSslOnPort80 from './tls/ssl-on-port-80.ts'
import tlsSslenginePortMismatch from './tls/sslengine-port-mismatch.ts'
import tlsUpstreamServerNameOff from './tls/upstream-server-name-off.ts'
import tlsVirtualHostUncertified from './tls/virtual-host-uncertified.ts'
import tlsWeakProtocol from './tls/weak-protocol.ts'
import topologyAjpSecretMissing from './topology/ajp-secret-missing.ts'
import topologyBackendNotListening from './topology/backend-not-listening.ts'
import topologyBalancerResolvedOnce from './topology/balancer-resolved-once.ts'
import topologyCaddyExpectsTls from './topology/caddy-expects-tls.ts'
import topologyClientChoosesBackend from './topology/client-chooses-backend.ts'
import topologyCloudHostRefused from './topology/cloud-host-refused.ts'
import topologyClusterNameShort from './topology/cluster-name-short.ts'
import topologyDavDestinationScheme from './topology/dav-destination-scheme.ts'
import topologyErrorPagesReplaceApi from './topology/error-pages-replace-api.ts'
import topologyEventsBuffered from './topology/events-buffered.ts'
import topologyGrpcWithoutHttp2 from './topology/grpc-without-http2.ts'
import topologyHaproxyCheckWithoutHost from './topology/haproxy-check-without-host.ts'
import topologyHostRefusedByApplication from './topology/host-refused-by-application.ts'
import topologyHostSelectsWrongServer from './topology/host-selects-wrong-server.ts'
import topologyHostSelectsWrongVhost from './topology/host-selects-wrong-vhost.ts'
import topologyHttpToTlsPort from './topology/http-to-tls-port.ts'
import topologyIpHashSeesProxy from './topology/ip-hash-sees-proxy.ts'
import topologyListenInHttpAndStream from './topology/listen-in-http-and-stream.ts'
import topologyListenWithoutVhost from './topology/listen-without-vhost.ts'
import topologyLocalhostMisspelt from './topology/localhost-misspelt.ts'
import topologyLocalhostOfOtherFamily from './topology/localhost-of-other-family.ts'
import topologyNamedLocationMissing from './topology/named-location-missing.ts'
import topologyOdooWebsocketPort from './topology/odoo-websocket-port.ts'
import topologyOwnPrefixStripped from './topology/own-prefix-stripped.ts'
import topologyPageOpensPlainWebsocket from './topology/page-opens-plain-websocket.ts'
import topologyPassNotInherited from './topology/pass-not-inherited.ts'
import topologyPathNotRouted from './topology/path-not-routed.ts'
import topologyProtocolMismatch from './topology/protocol-mismatch.ts'
import topologyProxyProtocolMismatch from './topology/proxy-protocol-mismatch.ts'
import topologyRegexTakesProxiedPath from './topology/regex-takes-proxied-path.ts'
import topologyRegexTakesRewrittenPath from './topology/regex-takes-rewritten-path.ts'
import topologyResolverMissing from './topology/resolver-missing.ts'
import topologySelinuxForbidsProxy from './topology/selinux-forbids-proxy.ts'
import topologyServerNameNotInApache from './topology/server-name-not-in-apache.ts'
import topologyServeraliasNotInNginx from './topology/serveralias-not-in-nginx.ts'
import topologyServernameMismatchSingleVhost from './topology/servername-mismatch-single-vhost.ts'
import topologySignedPathChanged from './topology/signed-path-changed.ts'
import topologySocketInPrivateTmp from './topology/socket-in-private-tmp.ts'
import topologySocketioPath from './topology/socketio-path.ts'
import topologyStaticBypassesBackendAcl from './topology/static-bypasses-backend-acl.ts'
import topologyStickyWithoutRoute from './topology/sticky-without-route.ts'
import topologyTryFilesFallbackLost from './topology/try-files-fallback-lost.ts'
import topologyTryFilesTakesProxiedPath from './topology/try-files-takes-proxied-path.ts'
import topologyUpstreamAddressMismatch from './topology/upstream-address-mismatch.ts'
import topologyUpstreamPortMissing from './topology/upstream-port-missing.ts'
import topologyUpstreamPortNotListened from './topology/upstream-port-not-listened.ts'
import topologyUpstreamPublicName from './topology/upstream-public-name.ts'
import topologyUpstreamSelfLoop from './topology/upstream-self-loop.ts'
import topologyUpstreamServersDown from './topology/upstream-servers-down.ts'
import topologyUpstreamUndefined from './topology/upstream-undefined.ts'
import topologyUpstreamUnused from './topology/upstream-unused.ts'
import topologyVhostNoUpstream from './topology/vhost-no-upstream.ts'
import topologyVhostUnreachablePort from './topology/vhost-unreachable-port.ts'
import topologyXAccelUnanswered from './topology/x-accel-unanswered.ts'
import topologyXSendfileUnanswered from './topology/x-sendfile-unanswered.ts'
import versionsApacheVulnerable from './versions/apache-vulnerable.ts'
import versionsDjangoVulnerable from './versions/django-vulnerable.ts'
import versionsModWsgiVulnerable from './versions/mod-wsgi-vulnerable.ts'
import versionsNginxVulnerable from './versions/nginx-vulnerable.ts'
import wsgiAliasOrder from './wsgi/alias-order.ts'
import wsgiApplicationGroupGlobal from './wsgi/application-group-global.ts'
import wsgiAppsShareProcessGroup from './wsgi/apps-share-process-group.ts'
import wsgiAuthorizationDropped from './wsgi/authorization-dropped.ts'
import wsgiCallableMissing from './wsgi/callable-missing.ts'
import wsgiDaemonDuplicateName from './wsgi/daemon-duplicate-name.ts'
import wsgiDaemonUnused from './wsgi/daemon-unused.ts'
import wsgiDirectoryNotGranted from './wsgi/directory-not-granted.ts'
import wsgiDisplayName from './wsgi/display-name.ts'
import wsgiEmbeddedMode from './wsgi/embedded-mode.ts'
import wsgiEnvironmentNotUsed from './wsgi/environment-not-used.ts'
import wsgiEnvironmentOfAnotherPython from './wsgi/environment-of-another-python.ts'
import wsgiEnvvarsNotExported from './wsgi/envvars-not-exported.ts'
import wsgiExtensionInTwoInterpreters from './wsgi/extension-in-two-interpreters.ts'
import wsgiGlobalWithMultipleApps from './wsgi/global-with-multiple-apps.ts'
import wsgiHandlerOverAlias from './wsgi/handler-over-alias.ts'
import wsgiLocaleAscii from './wsgi/locale-ascii.ts'
import wsgiMaximumRequests from './wsgi/maximum-requests.ts'
import wsgiModWsgiOptionTooNew from './wsgi/mod-wsgi-option-too-new.ts'
import wsgiModuleOfPython2 from './wsgi/module-of-python-2.ts'
import wsgiMountRepeated from './wsgi/mount-repeated.ts'
import wsgiProcessGroupNotVisible from './wsgi/process-group-not-visible.ts'
import wsgiProcessGroupOrder from './wsgi/process-group-order.ts'
import wsgiProcessGroupUndefined from './wsgi/process-group-undefined.ts'
import wsgiProjectNotOnPath from './wsgi/project-not-on-path.ts'
import wsgiPythonHomeMissing from './wsgi/python-home-missing.ts'
import wsgiPythonPathInsidePackage from './wsgi/python-path-inside-package.ts'
import wsgiPythonPathSitePackages from './wsgi/python-path-site-packages.ts'
import wsgiRelativeFile from './wsgi/relative-file.ts'
import wsgiRestrictEmbeddedOff from './wsgi/restrict-embedded-off.ts'
import wsgiScriptIsDirectory from './wsgi/script-is-directory.ts'
import wsgiScriptMissing from './wsgi/script-missing.ts'
import wsgiSetenvNotEnviron from './wsgi/setenv-not-environ.ts'
import wsgiSettingsNotFound from './wsgi/settings-not-found.ts'
import wsgiSocketPrefixUnreadable from './wsgi/socket-prefix-unreadable.ts'
import wsgiTimezoneLeak from './wsgi/timezone-leak.ts'
import wsgiTouchInEmbeddedMode from './wsgi/touch-in-embedded-mode.ts'
import wsgiTrustedProxiesMissing from './wsgi/trusted-proxies-missing.ts'
import wsgiUserMissing from './wsgi/user-missing.ts'
import wsgiUserRoot from './wsgi/user-root.ts'

/** Every rule, sorted by id; the id is the path. */
export const rules: readonly Rule[] = [
  { id: 'access/address-of-proxy-decides', ...accessAddressOfProxyDecides },
  { id: 'access/admin-ajax-closed', ...accessAdminAjaxClosed },
  { id: 'access/allow-without-deny', ...accessAllowWithoutDeny },
  { id: 'access/answered-before-access', ...accessAnsweredBeforeAccess },
  { id: 'access/auth-basic-off-still-denied', ...accessAuthBasicOffStillDenied },
  { id: 'access/auth-basic-realm-off', ...accessAuthBasicRealmOff },
  { id: 'access/auth-basic-without-file', ...accessAuthBasicWithoutFile },
  { id: 'access/auth-request-body', ...accessAuthRequestBody },
  { id: 'access/auth-request-login-loop', ...accessAuthRequestLoginLoop },
  { id: 'access/auth-request-unanswered', ...accessAuthRequestUnanswered },
  { id: 'access/dav-open', ...accessDavOpen },
  { id: 'access/deny-hidden-by-regex', ...accessDenyHiddenByRegex },
  { id: 'access/docker-socket-open', ...accessDockerSocketOpen },
  { id: 'access/exact-location-one-url', ...accessExactLocationOneUrl },
  { id: 'access/file-system-granted', ...accessFileSystemGranted },
  { id: 'access/files-section-everywhere', ...accessFilesSectionEverywhere },
  { id: 'access/files-section-proxied', ...accessFilesSectionProxied },
  { id: 'access/forwarded-address-decides', ...accessForwardedAddressDecides },
  { id: 'access/forwarded-address-grants', ...accessForwardedAddressGrants },
  { id: 'access/htaccess-denial-lost', ...accessHtaccessDenialLost },
  { id: 'access/internal-directory-public', ...accessInternalDirectoryPublic },
  { id: 'access/internal-uri-from-client', ...accessInternalUriFromClient },
  { id: 'access/limit-counts-proxy', ...accessLimitCountsProxy },
  { id: 'access/limit-key-from-client', ...accessLimitKeyFromClient },
  { id: 'access/limit-key-unused', ...accessLimitKeyUnused },
  { id: 'access/limit-spares-clients', ...accessLimitSparesClients },
  { id: 'access/limit-without-burst', ...accessLimitWithoutBurst },
  { id: 'access/limit-zone-unused', ...accessLimitZoneUnused },
  { id: 'access/location-lost-to-regex', ...accessLocationLostToRegex },
  { id: 'access/location-undoes-directory', ...accessLocationUndoesDirectory },
  { id: 'access/password-file-missing', ...accessPasswordFileMissing },
  { id: 'access/password-file-served', ...accessPasswordFileServed },
  { id: 'access/password-file-without-realm', ...accessPasswordFileWithoutRealm },
  { id: 'access/password-lost-on-the-way', ...accessPasswordLostOnTheWay },
  { id: 'access/password-reaches-application', ...accessPasswordReachesApplication },
  { id: 'access/password-replaces-network', ...accessPasswordReplacesNetwork },
  { id: 'access/password-unhashed', ...accessPasswordUnhashed },
  { id: 'access/postgres-trust', ...accessPostgresTrust },
  { id: 'access/private-network-too-wide', ...accessPrivateNetworkTooWide },
  { id: 'access/proxy-allowed-as-client', ...accessProxyAllowedAsClient },
  { id: 'access/referer-refuses-own-pages', ...accessRefererRefusesOwnPages },
  { id: 'access/require-ip-or-user', ...accessRequireIpOrUser },
  { id: 'access/rule-after-all', ...accessRuleAfterAll },
  { id: 'access/satisfy-any-open', ...accessSatisfyAnyOpen },
  { id: 'access/secure-link-expiry-unsigned', ...accessSecureLinkExpiryUnsigned },
  { id: 'access/secure-link-unasked', ...accessSecureLinkUnasked },
  { id: 'access/status-page-open', ...accessStatusPageOpen },
  { id: 'access/valid-referers-unused', ...accessValidReferersUnused },
  { id: 'access/well-known-denied', ...accessWellKnownDenied },
  { id: 'access/wider-location-later', ...accessWiderLocationLater },
  { id: 'access/x-accel-location-open', ...accessXAccelLocationOpen },
  { id: 'apache/access-compat-nested-reset', ...apacheAccessCompatNestedReset },
  { id: 'apache/access-granted-nowhere', ...apacheAccessGrantedNowhere },
  { id: 'apache/access-log-in-error-log', ...apacheAccessLogInErrorLog },
  { id: 'apache/addhandler-php', ...apacheAddhandlerPhp },
  { id: 'apache/alias-needs-slash', ...apacheAliasNeedsSlash },
  { id: 'apache/alias-overlap', ...apacheAliasOverlap },
  { id: 'apache/alias-redirected', ...apacheAliasRedirected },
  { id: 'apache/alias-slash-missing', ...apacheAliasSlashMissing },
  { id: 'apache/allow-from-wildcard', ...apacheAllowFromWildcard },
  { id: 'apache/allowencodedslashes-not-inherited', ...apacheAllowencodedslashesNotInherited },
  { id: 'apache/allowoverride-undone', ...apacheAllowoverrideUndone },
  { id: 'apache/allowoverride-unset', ...apacheAllowoverrideUnset },
  { id: 'apache/auth-without-require', ...apacheAuthWithoutRequire },
  { id: 'apache/authentication-incomplete', ...apacheAuthenticationIncomplete },
  { id: 'apache/backreference-without-group', ...apacheBackreferenceWithoutGroup },
  { id: 'apache/backslash-reference', ...apacheBackslashReference },
  { id: 'apache/backup-pattern-misses', ...apacheBackupPatternMisses },
  { id: 'apache/balancer-undefined', ...apacheBalancerUndefined },
  { id: 'apache/base-of-url-incomplete', ...apacheBaseOfUrlIncomplete },
  { id: 'apache/cgi-not-executable', ...apacheCgiNotExecutable },
  { id: 'apache/cgi-source-served', ...apacheCgiSourceServed },
  { id: 'apache/comma-between-names', ...apacheCommaBetweenNames },
  { id: 'apache/comment-continuation', ...apacheCommentContinuation },
  { id: 'apache/condition-never-holds', ...apacheConditionNeverHolds },
  { id: 'apache/connection-upgrade-alone', ...apacheConnectionUpgradeAlone },
  { id: 'apache/customlog-unknown-format', ...apacheCustomlogUnknownFormat },
  { id: 'apache/dav-methods-denied', ...apacheDavMethodsDenied },
  { id: 'apache/dav-without-lockdb', ...apacheDavWithoutLockdb },
  { id: 'apache/define-in-vhost-leaks', ...apacheDefineInVhostLeaks },
  { id: 'apache/denied-dot-unescaped', ...apacheDeniedDotUnescaped },
  { id: 'apache/directory-nonexistent', ...apacheDirectoryNonexistent },
  { id: 'apache/duplicate-servername', ...apacheDuplicateServername },
  { id: 'apache/env-never-set', ...apacheEnvNeverSet },
  { id: 'apache/errordocument-ineffective', ...apacheErrordocumentIneffective },
  { id: 'apache/errorlog-directory-missing', ...apacheErrorlogDirectoryMissing },
  { id: 'apache/expires-media-type-unknown', ...apacheExpiresMediaTypeUnknown },
  { id: 'apache/expires-not-active', ...apacheExpiresNotActive },
  { id: 'apache/extension-is-whole-name', ...apacheExtensionIsWholeName },
  { id: 'apache/file-test-not-path', ...apacheFileTestNotPath },
  { id: 'apache/file-test-without-dash', ...apacheFileTestWithoutDash },
  { id: 'apache/files-names-path', ...apacheFilesNamesPath },
  { id: 'apache/filesmatch-directory-name', ...apacheFilesmatchDirectoryName },
  { id: 'apache/front-controller-denied', ...apacheFrontControllerDenied },
  { id: 'apache/front-controller-for-files', ...apacheFrontControllerForFiles },
  { id: 'apache/glob-in-pattern', ...apacheGlobInPattern },
  { id: 'apache/group-miscounted', ...apacheGroupMiscounted },
  { id: 'apache/group-repeated', ...apacheGroupRepeated },
  { id: 'apache/h2c-over-tls', ...apacheH2cOverTls },
  { id: 'apache/htaccess-directive-not-permitted', ...apacheHtaccessDirectiveNotPermitted },
  { id: 'apache/htaccess-module-unguarded', ...apacheHtaccessModuleUnguarded },
  { id: 'apache/htaccess-not-read', ...apacheHtaccessNotRead },
  { id: 'apache/htaccess-rewriting-skipped', ...apacheHtaccessRewritingSkipped },
  { id: 'apache/htaccess-syntax', ...apacheHtaccessSyntax },
  { id: 'apache/http2-with-prefork', ...apacheHttp2WithPrefork },
  { id: 'apache/ifmodule-unknown-module', ...apacheIfmoduleUnknownModule },
  { id: 'apache/ifversion-exact-short', ...apacheIfversionExactShort },
  { id: 'apache/include-dir-swallows-backups', ...apacheIncludeDirSwallowsBackups },
  { id: 'apache/includeoptional-typo', ...apacheIncludeoptionalTypo },
  { id: 'apache/internal-redirect-loop', ...apacheInternalRedirectLoop },
  { id: 'apache/legacy-access-control', ...apacheLegacyAccessControl },
  { id: 'apache/limit-denies-only-listed-methods', ...apacheLimitDeniesOnlyListedMethods },
  { id: 'apache/limitrequest-of-later-vhost', ...apacheLimitrequestOfLaterVhost },
  { id: 'apache/listen-overlap', ...apacheListenOverlap },
  { id: 'apache/location-names-directory', ...apacheLocationNamesDirectory },
  { id: 'apache/location-no-slash', ...apacheLocationNoSlash },
  { id: 'apache/location-rewrites-replaced', ...apacheLocationRewritesReplaced },
  { id: 'apache/location-wildcard-no-subpath', ...apacheLocationWildcardNoSubpath },
  { id: 'apache/log-condition-reversed', ...apacheLogConditionReversed },
  { id: 'apache/lookahead-misspelt', ...apacheLookaheadMisspelt },
  { id: 'apache/main-server-hidden', ...apacheMainServerHidden },
  { id: 'apache/media-type-misplaced', ...apacheMediaTypeMisplaced },
  { id: 'apache/media-type-plus', ...apacheMediaTypePlus },
  { id: 'apache/modsecurity-removal-too-early', ...apacheModsecurityRemovalTooEarly },
  { id: 'apache/multiviews-before-front-controller', ...apacheMultiviewsBeforeFrontController },
  { id: 'apache/no-directory-index', ...apacheNoDirectoryIndex },
  { id: 'apache/no-listen', ...apacheNoListen },
  { id: 'apache/nocanon-missing', ...apacheNocanonMissing },
  { id: 'apache/order-undoes', ...apacheOrderUndoes },
  { id: 'apache/output-filter-compressed', ...apacheOutputFilterCompressed },
  { id: 'apache/package-alias-hides-directory', ...apachePackageAliasHidesDirectory },
  { id: 'apache/password-file-missing', ...apachePasswordFileMissing },
  { id: 'apache/password-file-served', ...apachePasswordFileServed },
  { id: 'apache/pattern-denies-directories', ...apachePatternDeniesDirectories },
  { id: 'apache/pattern-never-matches', ...apachePatternNeverMatches },
  { id: 'apache/php-module-threaded', ...apachePhpModuleThreaded },
  { id: 'apache/php-source-served', ...apachePhpSourceServed },
  { id: 'apache/precompressed-twice', ...apachePrecompressedTwice },
  { id: 'apache/private-files-served', ...apachePrivateFilesServed },
  { id: 'apache/proxy-denied', ...apacheProxyDenied },
  { id: 'apache/proxy-module-missing', ...apacheProxyModuleMissing },
  { id: 'apache/proxypass-hides', ...apacheProxypassHides },
  { id: 'apache/proxypass-in-regex-section', ...apacheProxypassInRegexSection },
  { id: 'apache/proxypass-order', ...apacheProxypassOrder },
  { id: 'apache/proxypass-slash-doubled', ...apacheProxypassSlashDoubled },
  { id: 'apache/proxypassmatch-document-root', ...apacheProxypassmatchDocumentRoot },
  { id: 'apache/proxypassreverse-mismatch', ...apacheProxypassreverseMismatch },
  { id: 'apache/proxypassreverse-slash', ...apacheProxypassreverseSlash },
  { id: 'apache/proxyrequests-on', ...apacheProxyrequestsOn },
  { id: 'apache/redirect-after-rewriting', ...apacheRedirectAfterRewriting },
  { id: 'apache/redirect-loop', ...apacheRedirectLoop },
  { id: 'apache/redirect-order', ...apacheRedirectOrder },
  { id: 'apache/redirect-pattern-literal', ...apacheRedirectPatternLiteral },
  { id: 'apache/redirect-shows-path', ...apacheRedirectShowsPath },
  { id: 'apache/redirect-takes-rewritten-query', ...apacheRedirectTakesRewrittenQuery },
  { id: 'apache/redirect-without-last', ...apacheRedirectWithoutLast },
  { id: 'apache/refusal-needs-slash', ...apacheRefusalNeedsSlash },
  { id: 'apache/request-filename-in-server', ...apacheRequestFilenameInServer },
  { id: 'apache/require-granted-beside-others', ...apacheRequireGrantedBesideOthers },
  { id: 'apache/require-group-without-file', ...apacheRequireGroupWithoutFile },
  { id: 'apache/require-user-without-authtype', ...apacheRequireUserWithoutAuthtype },
  { id: 'apache/rewrite-drops-query', ...apacheRewriteDropsQuery },
  { id: 'apache/rewrite-flags-misplaced', ...apacheRewriteFlagsMisplaced },
  { id: 'apache/rewrite-fragment-escaped', ...apacheRewriteFragmentEscaped },
  { id: 'apache/rewrite-leaves-directory', ...apacheRewriteLeavesDirectory },
  { id: 'apache/rewrite-not-inherited', ...apacheRewriteNotInherited },
  { id: 'apache/rewrite-passthrough-missing', ...apacheRewritePassthroughMissing },
  { id: 'apache/rewrite-pattern-not-path', ...apacheRewritePatternNotPath },
  { id: 'apache/rewrite-percent-escaped', ...apacheRewritePercentEscaped },
  { id: 'apache/rewrite-proxies-anywhere', ...apacheRewriteProxiesAnywhere },
  { id: 'apache/rewrite-query-unescaped', ...apacheRewriteQueryUnescaped },
  { id: 'apache/rewrite-quotes-join', ...apacheRewriteQuotesJoin },
  { id: 'apache/rewrite-target-malformed', ...apacheRewriteTargetMalformed },
  { id: 'apache/rewrite-target-slash', ...apacheRewriteTargetSlash },
  { id: 'apache/rewrite-variable-misspelt', ...apacheRewriteVariableMisspelt },
  { id: 'apache/rewrite-without-followsymlinks', ...apacheRewriteWithoutFollowsymlinks },
  { id: 'apache/rewritecond-dangling', ...apacheRewritecondDangling },
  { id: 'apache/rewriteconds-always-hold', ...apacheRewritecondsAlwaysHold },
  { id: 'apache/rewriteconds-contradict', ...apacheRewritecondsContradict },
  { id: 'apache/rewriteconds-joined-by-and', ...apacheRewritecondsJoinedByAnd },
  { id: 'apache/rewriteconds-of-another-rule', ...apacheRewritecondsOfAnotherRule },
  { id: 'apache/rewriteengine-missing', ...apacheRewriteengineMissing },
  { id: 'apache/rewritemap-undefined', ...apacheRewritemapUndefined },
  { id: 'apache/rewriterule-leading-slash-perdir', ...apacheRewriteruleLeadingSlashPerdir },
  { id: 'apache/rewriterule-never-reached', ...apacheRewriteruleNeverReached },
  { id: 'apache/rewriterule-repeats-directory', ...apacheRewriteruleRepeatsDirectory },
  { id: 'apache/rewritten-page-redirected', ...apacheRewrittenPageRedirected },
  { id: 'apache/rewritten-path-glued', ...apacheRewrittenPathGlued },
  { id: 'apache/satisfy-any', ...apacheSatisfyAny },
  { id: 'apache/satisfy-missing', ...apacheSatisfyMissing },
  { id: 'apache/section-pattern-literal', ...apacheSectionPatternLiteral },
  { id: 'apache/served-directory-denied', ...apacheServedDirectoryDenied },
  { id: 'apache/server-status-public', ...apacheServerStatusPublic },
  { id: 'apache/servername-missing', ...apacheServernameMissing },
  { id: 'apache/setenv-too-late', ...apacheSetenvTooLate },
  { id: 'apache/setenv-with-equals', ...apacheSetenvWithEquals },
  { id: 'apache/sethandler-proxy-target', ...apacheSethandlerProxyTarget },
  { id: 'apache/site-not-included', ...apacheSiteNotIncluded },
  { id: 'apache/slash-added-to-files', ...apacheSlashAddedToFiles },
  { id: 'apache/ssi-not-permitted', ...apacheSsiNotPermitted },
  { id: 'apache/ssl-no-certificate', ...apacheSslNoCertificate },
  { id: 'apache/sslproxyengine-missing', ...apacheSslproxyengineMissing },
  { id: 'apache/start-needs-module', ...apacheStartNeedsModule },
  { id: 'apache/status-drops-target', ...apacheStatusDropsTarget },
  { id: 'apache/status-page-rewritten', ...apacheStatusPageRewritten },
  { id: 'apache/subdirectory-rules-replaced', ...apacheSubdirectoryRulesReplaced },
  { id: 'apache/syntax', ...apacheSyntax },
  { id: 'apache/target-slash-missing', ...apacheTargetSlashMissing },
  { id: 'apache/template-joins-lines', ...apacheTemplateJoinsLines },
  { id: 'apache/template-tag-broken', ...apacheTemplateTagBroken },
  { id: 'apache/text-after-section-open', ...apacheTextAfterSectionOpen },
  { id: 'apache/trailing-comment-as-argument', ...apacheTrailingCommentAsArgument },
  { id: 'apache/typographic-quotes', ...apacheTypographicQuotes },
  { id: 'apache/unclosed-conditional', ...apacheUnclosedConditional },
  { id: 'apache/unterminated-quote', ...apacheUnterminatedQuote },
  { id: 'apache/variable-default', ...apacheVariableDefault },
  { id: 'apache/variable-not-expanded', ...apacheVariableNotExpanded },
  { id: 'apache/variable-of-debian', ...apacheVariableOfDebian },
  { id: 'apache/vhost-address-by-name', ...apacheVhostAddressByName },
  { id: 'apache/vhost-missing-servername', ...apacheVhostMissingServername },
  { id: 'apache/vhost-port-wildcard-shadowed', ...apacheVhostPortWildcardShadowed },
  { id: 'apache/vhost-shadowed-by-earlier-wildcard', ...apacheVhostShadowedByEarlierWildcard },
  { id: 'apache/vhost-shadowed-by-specific-ip', ...apacheVhostShadowedBySpecificIp },
  { id: 'apache/vhost-unresolvable-address', ...apacheVhostUnresolvableAddress },
  { id: 'apache/websocket-not-upgraded', ...apacheWebsocketNotUpgraded },
  { id: 'app-server/application-not-found', ...appServerApplicationNotFound },
  { id: 'app-server/aspnet-scheme-unknown', ...appServerAspnetSchemeUnknown },
  { id: 'app-server/beanstalk-path-missing', ...appServerBeanstalkPathMissing },
  { id: 'app-server/broker-evicts', ...appServerBrokerEvicts },
  { id: 'app-server/celery-app-not-found', ...appServerCeleryAppNotFound },
  { id: 'app-server/celery-beat-missing', ...appServerCeleryBeatMissing },
  { id: 'app-server/celery-beat-repeated', ...appServerCeleryBeatRepeated },
  { id: 'app-server/celery-eta-redelivered', ...appServerCeleryEtaRedelivered },
  { id: 'app-server/celery-not-loaded', ...appServerCeleryNotLoaded },
  { id: 'app-server/celery-option-misplaced', ...appServerCeleryOptionMisplaced },
  { id: 'app-server/celery-queue-unconsumed', ...appServerCeleryQueueUnconsumed },
  { id: 'app-server/celery-setting-not-read', ...appServerCelerySettingNotRead },
  { id: 'app-server/celery-task-unknown', ...appServerCeleryTaskUnknown },
  { id: 'app-server/command-without-shell', ...appServerCommandWithoutShell },
  { id: 'app-server/connection-before-fork', ...appServerConnectionBeforeFork },
  { id: 'app-server/cors-origin-malformed', ...appServerCorsOriginMalformed },
  { id: 'app-server/cron-file-ignored', ...appServerCronFileIgnored },
  { id: 'app-server/cron-misread', ...appServerCronMisread },
  { id: 'app-server/daemonized', ...appServerDaemonized },
  { id: 'app-server/debugger-on', ...appServerDebuggerOn },
  { id: 'app-server/defaults-not-read', ...appServerDefaultsNotRead },
  { id: 'app-server/environment-missing', ...appServerEnvironmentMissing },
  { id: 'app-server/express-proxy-untrusted', ...appServerExpressProxyUntrusted },
  { id: 'app-server/gemfile-of-old-release', ...appServerGemfileOfOldRelease },
  { id: 'app-server/gunicorn-setting-not-read', ...appServerGunicornSettingNotRead },
  { id: 'app-server/gunicorn-setting-refused', ...appServerGunicornSettingRefused },
  { id: 'app-server/home-protected', ...appServerHomeProtected },
  { id: 'app-server/interface-mismatch', ...appServerInterfaceMismatch },
  { id: 'app-server/jit-forbidden', ...appServerJitForbidden },
  { id: 'app-server/laravel-queue-unknown', ...appServerLaravelQueueUnknown },
  { id: 'app-server/laravel-retry-below-timeout', ...appServerLaravelRetryBelowTimeout },
  { id: 'app-server/library-not-installed', ...appServerLibraryNotInstalled },
  { id: 'app-server/limit-counts-proxy', ...appServerLimitCountsProxy },
  { id: 'app-server/log-directory-group-writable', ...appServerLogDirectoryGroupWritable },
  { id: 'app-server/log-taken-by-root', ...appServerLogTakenByRoot },
  { id: 'app-server/logs-not-reopened', ...appServerLogsNotReopened },
  { id: 'app-server/option-on-next-line', ...appServerOptionOnNextLine },
  { id: 'app-server/phoenix-endpoint', ...appServerPhoenixEndpoint },
  { id: 'app-server/playbook-mode-decimal', ...appServerPlaybookModeDecimal },
  { id: 'app-server/pm2-instances-in-fork', ...appServerPm2InstancesInFork },
  { id: 'app-server/prefix-not-told', ...appServerPrefixNotTold },
  { id: 'app-server/preloaded-code-kept', ...appServerPreloadedCodeKept },
  { id: 'app-server/privileged-port', ...appServerPrivilegedPort },
  { id: 'app-server/procfile-port', ...appServerProcfilePort },
  { id: 'app-server/program-not-on-path', ...appServerProgramNotOnPath },
  { id: 'app-server/proxyfix-untrue', ...appServerProxyfixUntrue },
  { id: 'app-server/request-params-missing', ...appServerRequestParamsMissing },
  { id: 'app-server/run-unguarded', ...appServerRunUnguarded },
  { id: 'app-server/runtime-directory-missing', ...appServerRuntimeDirectoryMissing },
  { id: 'app-server/scheduler-in-workers', ...appServerSchedulerInWorkers },
  { id: 'app-server/script-not-found', ...appServerScriptNotFound },
  { id: 'app-server/script-without-shebang', ...appServerScriptWithoutShebang },
  { id: 'app-server/secret-key-random', ...appServerSecretKeyRandom },
  { id: 'app-server/sessions-in-memory', ...appServerSessionsInMemory },
  { id: 'app-server/socket-permissions', ...appServerSocketPermissions },
  { id: 'app-server/socketio-not-sticky', ...appServerSocketioNotSticky },
  { id: 'app-server/socketio-workers', ...appServerSocketioWorkers },
  { id: 'app-server/sqlalchemy-url-refused', ...appServerSqlalchemyUrlRefused },
  { id: 'app-server/static-directory-missing', ...appServerStaticDirectoryMissing },
  { id: 'app-server/supervisor-refused', ...appServerSupervisorRefused },
  { id: 'app-server/system-read-only', ...appServerSystemReadOnly },
  { id: 'app-server/transaction-pooling', ...appServerTransactionPooling },
  { id: 'app-server/unit-not-reloaded', ...appServerUnitNotReloaded },
  { id: 'app-server/unit-percent', ...appServerUnitPercent },
  { id: 'app-server/unit-setting-ignored', ...appServerUnitSettingIgnored },
  { id: 'app-server/unit-starts-nothing', ...appServerUnitStartsNothing },
  { id: 'app-server/unit-without-install', ...appServerUnitWithoutInstall },
  { id: 'app-server/unknown-option', ...appServerUnknownOption },
  { id: 'app-server/untrusted-proxy', ...appServerUntrustedProxy },
  { id: 'app-server/updated-code-not-loaded', ...appServerUpdatedCodeNotLoaded },
  { id: 'app-server/url-password-unescaped', ...appServerUrlPasswordUnescaped },
  { id: 'app-server/user-unit-target', ...appServerUserUnitTarget },
  { id: 'app-server/uvicorn-application-unnamed', ...appServerUvicornApplicationUnnamed },
  { id: 'app-server/uwsgi-application-missing', ...appServerUwsgiApplicationMissing },
  { id: 'app-server/uwsgi-option-misread', ...appServerUwsgiOptionMisread },
  { id: 'app-server/uwsgi-plugin-missing', ...appServerUwsgiPluginMissing },
  { id: 'app-server/uwsgi-reloads-on-stop', ...appServerUwsgiReloadsOnStop },
  { id: 'app-server/uwsgi-threads-off', ...appServerUwsgiThreadsOff },
  { id: 'app-server/virtualenv-not-found', ...appServerVirtualenvNotFound },
  { id: 'app-server/worker-not-restarted', ...appServerWorkerNotRestarted },
  { id: 'app-server/workers-not-started', ...appServerWorkersNotStarted },
  { id: 'body-limits/apache-below-nginx', ...bodyLimitsApacheBelowNginx },
  { id: 'body-limits/apache-headers-below-nginx', ...bodyLimitsApacheHeadersBelowNginx },
  { id: 'body-limits/auth-request-below-location', ...bodyLimitsAuthRequestBelowLocation },
  { id: 'body-limits/chunked-upload-rejected', ...bodyLimitsChunkedUploadRejected },
  { id: 'body-limits/django-below-nginx', ...bodyLimitsDjangoBelowNginx },
  { id: 'body-limits/django-file-limit', ...bodyLimitsDjangoFileLimit },
  { id: 'body-limits/express-below-nginx', ...bodyLimitsExpressBelowNginx },
  { id: 'body-limits/gunicorn-headers-below-nginx', ...bodyLimitsGunicornHeadersBelowNginx },
  { id: 'body-limits/ingress-below-php', ...bodyLimitsIngressBelowPhp },
  { id: 'body-limits/limit-behind-fallback', ...bodyLimitsLimitBehindFallback },
  { id: 'body-limits/limit-in-bytes', ...bodyLimitsLimitInBytes },
  { id: 'body-limits/limit-of-served-files', ...bodyLimitsLimitOfServedFiles },
  { id: 'body-limits/nginx-below-php', ...bodyLimitsNginxBelowPhp },
  { id: 'body-limits/nginx-buffer-below-session', ...bodyLimitsNginxBufferBelowSession },
  { id: 'body-limits/nginx-buffers-not-for-header', ...bodyLimitsNginxBuffersNotForHeader },
  { id: 'body-limits/nginx-default-below-application', ...bodyLimitsNginxDefaultBelowApplication },
  { id: 'body-limits/nginx-default-below-django', ...bodyLimitsNginxDefaultBelowDjango },
  { id: 'body-limits/php-below-nginx', ...bodyLimitsPhpBelowNginx },
  { id: 'body-limits/php-post-below-upload', ...bodyLimitsPhpPostBelowUpload },
  { id: 'body-limits/spring-below-nginx', ...bodyLimitsSpringBelowNginx },
  { id: 'body-limits/spring-request-below-file', ...bodyLimitsSpringRequestBelowFile },
  { id: 'body-limits/uwsgi-headers-below-nginx', ...bodyLimitsUwsgiHeadersBelowNginx },
  { id: 'caching/authorization-shared', ...cachingAuthorizationShared },
  { id: 'caching/bypass-still-stores', ...cachingBypassStillStores },
  { id: 'caching/cache-root-missing', ...cachingCacheRootMissing },
  { id: 'caching/errors-kept', ...cachingErrorsKept },
  { id: 'caching/inactive-below-valid', ...cachingInactiveBelowValid },
  { id: 'caching/key-incomplete', ...cachingKeyIncomplete },
  { id: 'caching/never-stored', ...cachingNeverStored },
  { id: 'caching/set-cookie-cached', ...cachingSetCookieCached },
  { id: 'caching/valid-behind-any', ...cachingValidBehindAny },
  { id: 'canonical-url/default-server-catchall-app', ...canonicalUrlDefaultServerCatchallApp },
  { id: 'canonical-url/default-server-depends-on-include-order', ...canonicalUrlDefaultServerDependsOnIncludeOrder },
  { id: 'canonical-url/default-server-of-one-family', ...canonicalUrlDefaultServerOfOneFamily },
  { id: 'canonical-url/duplicate-server-name', ...canonicalUrlDuplicateServerName },
  { id: 'canonical-url/host-missing-redirect', ...canonicalUrlHostMissingRedirect },
  { id: 'canonical-url/http-and-https-both-serve', ...canonicalUrlHttpAndHttpsBothServe },
  { id: 'canonical-url/name-of-one-family', ...canonicalUrlNameOfOneFamily },
  { id: 'canonical-url/nameless-server-not-default', ...canonicalUrlNamelessServerNotDefault },
  { id: 'canonical-url/plain-http-page-drops-port', ...canonicalUrlPlainHttpPageDropsPort },
  { id: 'canonical-url/plain-name-not-found', ...canonicalUrlPlainNameNotFound },
  { id: 'canonical-url/redirect-chain', ...canonicalUrlRedirectChain },
  { id: 'canonical-url/redirect-doubles-query', ...canonicalUrlRedirectDoublesQuery },
  { id: 'canonical-url/redirect-drops-path', ...canonicalUrlRedirectDropsPath },
  { id: 'canonical-url/redirect-loop', ...canonicalUrlRedirectLoop },
  { id: 'canonical-url/redirect-malformed', ...canonicalUrlRedirectMalformed },
  { id: 'canonical-url/redirect-mangles-uri', ...canonicalUrlRedirectManglesUri },
  { id: 'canonical-url/redirect-missing-on-tls', ...canonicalUrlRedirectMissingOnTls },
  { id: 'canonical-url/redirect-names-backend', ...canonicalUrlRedirectNamesBackend },
  { id: 'canonical-url/redirect-names-inner-port', ...canonicalUrlRedirectNamesInnerPort },
  { id: 'canonical-url/redirect-target-from-client', ...canonicalUrlRedirectTargetFromClient },
  { id: 'canonical-url/redirect-to-first-name', ...canonicalUrlRedirectToFirstName },
  { id: 'canonical-url/redirect-to-loopback', ...canonicalUrlRedirectToLoopback },
  { id: 'canonical-url/redirect-to-plain-http', ...canonicalUrlRedirectToPlainHttp },
  { id: 'canonical-url/redirect-to-plain-port', ...canonicalUrlRedirectToPlainPort },
  { id: 'canonical-url/redirect-to-tls-nobody-serves', ...canonicalUrlRedirectToTlsNobodyServes },
  { id: 'canonical-url/redirect-uri-injection', ...canonicalUrlRedirectUriInjection },
  { id: 'canonical-url/server-name-malformed', ...canonicalUrlServerNameMalformed },
  { id: 'canonical-url/server-name-regex-shadowed', ...canonicalUrlServerNameRegexShadowed },
  { id: 'canonical-url/server-without-ipv4', ...canonicalUrlServerWithoutIpv4 },
  { id: 'canonical-url/tls-name-of-other-site', ...canonicalUrlTlsNameOfOtherSite },
  { id: 'canonical-url/tls-without-application', ...canonicalUrlTlsWithoutApplication },
  { id: 'containers/account-not-in-image', ...containersAccountNotInImage },
  { id: 'containers/address-taken', ...containersAddressTaken },
  { id: 'containers/application-may-not-write', ...containersApplicationMayNotWrite },
  { id: 'containers/autoscaler-without-requests', ...containersAutoscalerWithoutRequests },
  { id: 'containers/binary-of-other-libc', ...containersBinaryOfOtherLibc },
  { id: 'containers/braces-not-expanded', ...containersBracesNotExpanded },
  { id: 'containers/browser-asks-plain-http', ...containersBrowserAsksPlainHttp },
  { id: 'containers/build-argument-unread', ...containersBuildArgumentUnread },
  { id: 'containers/build-may-not-write', ...containersBuildMayNotWrite },
  { id: 'containers/build-output-incomplete', ...containersBuildOutputIncomplete },
  { id: 'containers/build-tool-not-installed', ...containersBuildToolNotInstalled },
  { id: 'containers/build-variable-unset', ...containersBuildVariableUnset },
  { id: 'containers/build-without-environment', ...containersBuildWithoutEnvironment },
  { id: 'containers/certificate-not-mounted', ...containersCertificateNotMounted },
  { id: 'containers/clone-port-not-told', ...containersClonePortNotTold },
  { id: 'containers/compose-refused', ...containersComposeRefused },
  { id: 'containers/config-cached-at-build', ...containersConfigCachedAtBuild },
  { id: 'containers/configmap-misplaced', ...containersConfigmapMisplaced },
  { id: 'containers/copy-source-missing', ...containersCopySourceMissing },
  { id: 'containers/cron-without-environment', ...containersCronWithoutEnvironment },
  { id: 'containers/database-file-unread', ...containersDatabaseFileUnread },
  { id: 'containers/database-not-started', ...containersDatabaseNotStarted },
  { id: 'containers/database-on-loopback', ...containersDatabaseOnLoopback },
  { id: 'containers/database-own-loopback', ...containersDatabaseOwnLoopback },
  { id: 'containers/database-public', ...containersDatabasePublic },
  { id: 'containers/database-refused', ...containersDatabaseRefused },
  { id: 'containers/database-volume', ...containersDatabaseVolume },
  { id: 'containers/deploy-keeps-old-image', ...containersDeployKeepsOldImage },
  { id: 'containers/dev-proxy-not-in-nginx', ...containersDevProxyNotInNginx },
  { id: 'containers/directive-not-in-image', ...containersDirectiveNotInImage },
  { id: 'containers/docker-socket-published', ...containersDockerSocketPublished },
  { id: 'containers/dockerfile-missing', ...containersDockerfileMissing },
  { id: 'containers/dockerfile-refused', ...containersDockerfileRefused },
  { id: 'containers/document-root-unread', ...containersDocumentRootUnread },
  { id: 'containers/dollar-interpolated', ...containersDollarInterpolated },
  { id: 'containers/entry-given-twice', ...containersEntryGivenTwice },
  { id: 'containers/entrypoint-drops-command', ...containersEntrypointDropsCommand },
  { id: 'containers/env-file-for-compose', ...containersEnvFileForCompose },
  { id: 'containers/environment-quoted', ...containersEnvironmentQuoted },
  { id: 'containers/environment-without-equals', ...containersEnvironmentWithoutEquals },
  { id: 'containers/envsubst-without-list', ...containersEnvsubstWithoutList },
  { id: 'containers/file-emptied', ...containersFileEmptied },
  { id: 'containers/gitlab-terminates-tls', ...containersGitlabTerminatesTls },
  { id: 'containers/htaccess-not-read', ...containersHtaccessNotRead },
  { id: 'containers/image-protocol', ...containersImageProtocol },
  { id: 'containers/include-not-mounted', ...containersIncludeNotMounted },
  { id: 'containers/ingress-annotation-ignored', ...containersIngressAnnotationIgnored },
  { id: 'containers/ingress-plain-to-tls', ...containersIngressPlainToTls },
  { id: 'containers/ingress-rewrite-empty', ...containersIngressRewriteEmpty },
  { id: 'containers/ingress-rewrite-one-page', ...containersIngressRewriteOnePage },
  { id: 'containers/ingress-secret-elsewhere', ...containersIngressSecretElsewhere },
  { id: 'containers/install-refused', ...containersInstallRefused },
  { id: 'containers/kafka-advertises-loopback', ...containersKafkaAdvertisesLoopback },
  { id: 'containers/kustomize-path-missing', ...containersKustomizePathMissing },
  { id: 'containers/labels-select-nothing', ...containersLabelsSelectNothing },
  { id: 'containers/list-separator', ...containersListSeparator },
  { id: 'containers/loopback-published', ...containersLoopbackPublished },
  { id: 'containers/manifest-object-elsewhere', ...containersManifestObjectElsewhere },
  { id: 'containers/manifest-reference-missing', ...containersManifestReferenceMissing },
  { id: 'containers/manifest-refused', ...containersManifestRefused },
  { id: 'containers/migration-before-database', ...containersMigrationBeforeDatabase },
  { id: 'containers/module-not-in-image', ...containersModuleNotInImage },
  { id: 'containers/mount-hides-file', ...containersMountHidesFile },
  { id: 'containers/mount-hides-packages', ...containersMountHidesPackages },
  { id: 'containers/mount-hides-site', ...containersMountHidesSite },
  { id: 'containers/mount-of-other-kind', ...containersMountOfOtherKind },
  { id: 'containers/mysql-login-unsupported', ...containersMysqlLoginUnsupported },
  { id: 'containers/name-of-docker-desktop', ...containersNameOfDockerDesktop },
  { id: 'containers/name-of-other-network', ...containersNameOfOtherNetwork },
  { id: 'containers/name-resolved-once', ...containersNameResolvedOnce },
  { id: 'containers/names-service-to-browser', ...containersNamesServiceToBrowser },
  { id: 'containers/nginx-before-upstream', ...containersNginxBeforeUpstream },
  { id: 'containers/nginx-file-misplaced', ...containersNginxFileMisplaced },
  { id: 'containers/nginx-in-background', ...containersNginxInBackground },
  { id: 'containers/nginx-may-not-write', ...containersNginxMayNotWrite },
  { id: 'containers/npm-script-missing', ...containersNpmScriptMissing },
  { id: 'containers/own-loopback', ...containersOwnLoopback },
  { id: 'containers/package-not-buildable', ...containersPackageNotBuildable },
  { id: 'containers/packages-of-another-python', ...containersPackagesOfAnotherPython },
  { id: 'containers/php-extension-missing', ...containersPhpExtensionMissing },
  { id: 'containers/php-extension-refused', ...containersPhpExtensionRefused },
  { id: 'containers/php-file-misplaced', ...containersPhpFileMisplaced },
  { id: 'containers/port-not-opened', ...containersPortNotOpened },
  { id: 'containers/port-not-published', ...containersPortNotPublished },
  { id: 'containers/prefix-not-told', ...containersPrefixNotTold },
  { id: 'containers/private-label-shared', ...containersPrivateLabelShared },
  { id: 'containers/probe-outside-context-path', ...containersProbeOutsideContextPath },
  { id: 'containers/program-not-in-image', ...containersProgramNotInImage },
  { id: 'containers/python-package-missing', ...containersPythonPackageMissing },
  { id: 'containers/redirect-shows-inner-port', ...containersRedirectShowsInnerPort },
  { id: 'containers/requirement-refused', ...containersRequirementRefused },
  { id: 'containers/resolver-not-docker', ...containersResolverNotDocker },
  { id: 'containers/root-image-refused', ...containersRootImageRefused },
  { id: 'containers/run-before-copy', ...containersRunBeforeCopy },
  { id: 'containers/same-path-other-volume', ...containersSamePathOtherVolume },
  { id: 'containers/secret-ends-in-newline', ...containersSecretEndsInNewline },
  { id: 'containers/secret-not-granted', ...containersSecretNotGranted },
  { id: 'containers/secret-path-as-value', ...containersSecretPathAsValue },
  { id: 'containers/served-directory-not-mounted', ...containersServedDirectoryNotMounted },
  { id: 'containers/server-not-installed', ...containersServerNotInstalled },
  { id: 'containers/server-pid-kept', ...containersServerPidKept },
  { id: 'containers/service-port-unheard', ...containersServicePortUnheard },
  { id: 'containers/service-variable-as-port', ...containersServiceVariableAsPort },
  { id: 'containers/servlets-of-other-namespace', ...containersServletsOfOtherNamespace },
  { id: 'containers/shell-refuses-line', ...containersShellRefusesLine },
  { id: 'containers/sidecar-by-name', ...containersSidecarByName },
  { id: 'containers/site-files-elsewhere', ...containersSiteFilesElsewhere },
  { id: 'containers/site-not-included', ...containersSiteNotIncluded },
  { id: 'containers/socket-not-shared', ...containersSocketNotShared },
  { id: 'containers/stage-missing', ...containersStageMissing },
  { id: 'containers/start-script-refused', ...containersStartScriptRefused },
  { id: 'containers/static-volume-unfilled', ...containersStaticVolumeUnfilled },
  { id: 'containers/step-without-effect', ...containersStepWithoutEffect },
  { id: 'containers/storage-link-dangling', ...containersStorageLinkDangling },
  { id: 'containers/supervisord-in-background', ...containersSupervisordInBackground },
  { id: 'containers/traefik-certificate-without-host', ...containersTraefikCertificateWithoutHost },
  { id: 'containers/traefik-label-refused', ...containersTraefikLabelRefused },
  { id: 'containers/traefik-middleware-unused', ...containersTraefikMiddlewareUnused },
  { id: 'containers/traefik-name-unknown', ...containersTraefikNameUnknown },
  { id: 'containers/traefik-network-renamed', ...containersTraefikNetworkRenamed },
  { id: 'containers/traefik-not-enabled', ...containersTraefikNotEnabled },
  { id: 'containers/traefik-other-network', ...containersTraefikOtherNetwork },
  { id: 'containers/traefik-router-without-resolver', ...containersTraefikRouterWithoutResolver },
  { id: 'containers/traefik-router-without-tls', ...containersTraefikRouterWithoutTls },
  { id: 'containers/undefined-reference', ...containersUndefinedReference },
  { id: 'containers/unknown-service', ...containersUnknownService },
  { id: 'containers/user-missing', ...containersUserMissing },
  { id: 'containers/variable-named-otherwise', ...containersVariableNamedOtherwise },
  { id: 'containers/variable-not-filled', ...containersVariableNotFilled },
  { id: 'containers/variable-read-at-build', ...containersVariableReadAtBuild },
  { id: 'containers/virtual-host-no-name', ...containersVirtualHostNoName },
  { id: 'containers/volume-keeps-old-files', ...containersVolumeKeepsOldFiles },
  { id: 'containers/volume-of-one-node', ...containersVolumeOfOneNode },
  { id: 'containers/volume-owned-by-root', ...containersVolumeOwnedByRoot },
  { id: 'containers/welcome-page-answers', ...containersWelcomePageAnswers },
  { id: 'containers/worker-without-uploads', ...containersWorkerWithoutUploads },
  { id: 'django/addition-refused', ...djangoAdditionRefused },
  { id: 'django/allowed-host-malformed', ...djangoAllowedHostMalformed },
  { id: 'django/allowed-host-not-named', ...djangoAllowedHostNotNamed },
  { id: 'django/cache-before-sessions', ...djangoCacheBeforeSessions },
  { id: 'django/cache-clear-empties-queue', ...djangoCacheClearEmptiesQueue },
  { id: 'django/comma-missing', ...djangoCommaMissing },
  { id: 'django/cookie-domain-foreign', ...djangoCookieDomainForeign },
  { id: 'django/cors-not-on-redirects', ...djangoCorsNotOnRedirects },
  { id: 'django/cors-not-sent', ...djangoCorsNotSent },
  { id: 'django/csrf-host-not-sent', ...djangoCsrfHostNotSent },
  { id: 'django/csrf-origin-malformed', ...djangoCsrfOriginMalformed },
  { id: 'django/csrf-origin-untrusted', ...djangoCsrfOriginUntrusted },
  { id: 'django/database-refused', ...djangoDatabaseRefused },
  { id: 'django/database-setting-not-read', ...djangoDatabaseSettingNotRead },
  { id: 'django/debug-on', ...djangoDebugOn },
  { id: 'django/dotted-name-misspelt', ...djangoDottedNameMisspelt },
  { id: 'django/entry-refused', ...djangoEntryRefused },
  { id: 'django/env-file-not-found', ...djangoEnvFileNotFound },
  { id: 'django/environ-default-as-type', ...djangoEnvironDefaultAsType },
  { id: 'django/environ-misspelt', ...djangoEnvironMisspelt },
  { id: 'django/handler-without-setup', ...djangoHandlerWithoutSetup },
  { id: 'django/health-check-redirected', ...djangoHealthCheckRedirected },
  { id: 'django/health-check-refused', ...djangoHealthCheckRefused },
  { id: 'django/host-not-allowed', ...djangoHostNotAllowed },
  { id: 'django/host-with-underscore', ...djangoHostWithUnderscore },
  { id: 'django/import-removed', ...djangoImportRemoved },
  { id: 'django/imported-before-setup', ...djangoImportedBeforeSetup },
  { id: 'django/join-drops-base', ...djangoJoinDropsBase },
  { id: 'django/log-directory-missing', ...djangoLogDirectoryMissing },
  { id: 'django/log-rotated-by-each-process', ...djangoLogRotatedByEachProcess },
  { id: 'django/logging-refused', ...djangoLoggingRefused },
  { id: 'django/login-url-without-prefix', ...djangoLoginUrlWithoutPrefix },
  { id: 'django/mail-not-sent', ...djangoMailNotSent },
  { id: 'django/middleware-missing', ...djangoMiddlewareMissing },
  { id: 'django/module-not-found', ...djangoModuleNotFound },
  { id: 'django/name-undefined', ...djangoNameUndefined },
  { id: 'django/package-not-required', ...djangoPackageNotRequired },
  { id: 'django/proxy-ssl-header-forgeable', ...djangoProxySslHeaderForgeable },
  { id: 'django/proxy-ssl-header-misspelt', ...djangoProxySslHeaderMisspelt },
  { id: 'django/referrer-policy-refuses-forms', ...djangoReferrerPolicyRefusesForms },
  { id: 'django/remote-user-not-passed', ...djangoRemoteUserNotPassed },
  { id: 'django/rest-framework-refused', ...djangoRestFrameworkRefused },
  { id: 'django/samesite-without-secure', ...djangoSamesiteWithoutSecure },
  { id: 'django/script-name-left-in-path', ...djangoScriptNameLeftInPath },
  { id: 'django/secure-cookie-over-http', ...djangoSecureCookieOverHttp },
  { id: 'django/session-cookie-overwritten', ...djangoSessionCookieOverwritten },
  { id: 'django/sessions-in-process', ...djangoSessionsInProcess },
  { id: 'django/setting-is-text', ...djangoSettingIsText },
  { id: 'django/setting-not-read', ...djangoSettingNotRead },
  { id: 'django/setting-replaced', ...djangoSettingReplaced },
  { id: 'django/setting-type', ...djangoSettingType },
  { id: 'django/settings-import', ...djangoSettingsImport },
  { id: 'django/settings-not-python', ...djangoSettingsNotPython },
  { id: 'django/settings-refused', ...djangoSettingsRefused },
  { id: 'django/slash-removed', ...djangoSlashRemoved },
  { id: 'django/sqlite-not-kept', ...djangoSqliteNotKept },
  { id: 'django/sqlite-not-writable', ...djangoSqliteNotWritable },
  { id: 'django/ssl-redirect-loop', ...djangoSslRedirectLoop },
  { id: 'django/static-manifest-missing', ...djangoStaticManifestMissing },
  { id: 'django/static-not-served', ...djangoStaticNotServed },
  { id: 'django/static-root-collected', ...djangoStaticRootCollected },
  { id: 'django/static-root-unset', ...djangoStaticRootUnset },
  { id: 'django/static-without-server', ...djangoStaticWithoutServer },
  { id: 'django/upload-mode-unreadable', ...djangoUploadModeUnreadable },
  { id: 'django/www-removed', ...djangoWwwRemoved },
  { id: 'forwarded-headers/address-passthrough', ...forwardedHeadersAddressPassthrough },
  { id: 'forwarded-headers/directory-redirect-leaves-tls', ...forwardedHeadersDirectoryRedirectLeavesTls },
  { id: 'forwarded-headers/double-proxy-processing', ...forwardedHeadersDoubleProxyProcessing },
  { id: 'forwarded-headers/duplicated', ...forwardedHeadersDuplicated },
  { id: 'forwarded-headers/expression-format-letter', ...forwardedHeadersExpressionFormatLetter },
  { id: 'forwarded-headers/form-origin-refused', ...forwardedHeadersFormOriginRefused },
  { id: 'forwarded-headers/haproxy-scheme-not-sent', ...forwardedHeadersHaproxySchemeNotSent },
  { id: 'forwarded-headers/header-name-invalid', ...forwardedHeadersHeaderNameInvalid },
  { id: 'forwarded-headers/header-name-misspelt', ...forwardedHeadersHeaderNameMisspelt },
  { id: 'forwarded-headers/host-compared', ...forwardedHeadersHostCompared },
  { id: 'forwarded-headers/host-from-client', ...forwardedHeadersHostFromClient },
  { id: 'forwarded-headers/host-is-no-name', ...forwardedHeadersHostIsNoName },
  { id: 'forwarded-headers/host-joined-by-apache', ...forwardedHeadersHostJoinedByApache },
  { id: 'forwarded-headers/host-not-preserved-by-apache', ...forwardedHeadersHostNotPreservedByApache },
  { id: 'forwarded-headers/host-spoofable', ...forwardedHeadersHostSpoofable },
  { id: 'forwarded-headers/host-with-backend-port', ...forwardedHeadersHostWithBackendPort },
  { id: 'forwarded-headers/host-without-port', ...forwardedHeadersHostWithoutPort },
  { id: 'forwarded-headers/inheritance-lost', ...forwardedHeadersInheritanceLost },
  { id: 'forwarded-headers/internal-ips-behind-proxy', ...forwardedHeadersInternalIpsBehindProxy },
  { id: 'forwarded-headers/local-only-acl-behind-proxy', ...forwardedHeadersLocalOnlyAclBehindProxy },
  { id: 'forwarded-headers/log-shows-proxy', ...forwardedHeadersLogShowsProxy },
  { id: 'forwarded-headers/one-address-header', ...forwardedHeadersOneAddressHeader },
  { id: 'forwarded-headers/origin-from-referer', ...forwardedHeadersOriginFromReferer },
  { id: 'forwarded-headers/outer-proxy-as-client', ...forwardedHeadersOuterProxyAsClient },
  { id: 'forwarded-headers/own-address-elsewhere', ...forwardedHeadersOwnAddressElsewhere },
  { id: 'forwarded-headers/program-not-told', ...forwardedHeadersProgramNotTold },
  { id: 'forwarded-headers/proto-always-http', ...forwardedHeadersProtoAlwaysHttp },
  { id: 'forwarded-headers/proto-always-https', ...forwardedHeadersProtoAlwaysHttps },
  { id: 'forwarded-headers/proto-name-mismatch', ...forwardedHeadersProtoNameMismatch },
  { id: 'forwarded-headers/proto-not-sent', ...forwardedHeadersProtoNotSent },
  { id: 'forwarded-headers/proto-passthrough', ...forwardedHeadersProtoPassthrough },
  { id: 'forwarded-headers/proto-spoofable', ...forwardedHeadersProtoSpoofable },
  { id: 'forwarded-headers/proxy-host-http-host', ...forwardedHeadersProxyHostHttpHost },
  { id: 'forwarded-headers/proxy-host-not-forwarded', ...forwardedHeadersProxyHostNotForwarded },
  { id: 'forwarded-headers/proxy-protocol-address-unused', ...forwardedHeadersProxyProtocolAddressUnused },
  { id: 'forwarded-headers/proxy-protocol-variable-empty', ...forwardedHeadersProxyProtocolVariableEmpty },
  { id: 'forwarded-headers/real-ip-header-not-sent', ...forwardedHeadersRealIpHeaderNotSent },
  { id: 'forwarded-headers/real-ip-no-trust-list', ...forwardedHeadersRealIpNoTrustList },
  { id: 'forwarded-headers/real-ip-not-recursive', ...forwardedHeadersRealIpNotRecursive },
  { id: 'forwarded-headers/real-ip-trust-all', ...forwardedHeadersRealIpTrustAll },
  { id: 'forwarded-headers/remote-addr-from-header', ...forwardedHeadersRemoteAddrFromHeader },
  { id: 'forwarded-headers/remoteip-mismatch', ...forwardedHeadersRemoteipMismatch },
  { id: 'forwarded-headers/remoteip-missing', ...forwardedHeadersRemoteipMissing },
  { id: 'forwarded-headers/remoteip-no-trust-list', ...forwardedHeadersRemoteipNoTrustList },
  { id: 'forwarded-headers/remoteip-trustedproxy-for-loopback', ...forwardedHeadersRemoteipTrustedproxyForLoopback },
  { id: 'forwarded-headers/request-splitting', ...forwardedHeadersRequestSplitting },
  { id: 'forwarded-headers/response-instead-of-request', ...forwardedHeadersResponseInsteadOfRequest },
  { id: 'forwarded-headers/setenv-https-unconditional', ...forwardedHeadersSetenvHttpsUnconditional },
  { id: 'forwarded-headers/setenvif-https-bad-value', ...forwardedHeadersSetenvifHttpsBadValue },
  { id: 'forwarded-headers/setenvif-https-unanchored', ...forwardedHeadersSetenvifHttpsUnanchored },
  { id: 'forwarded-headers/ssl-variable-unset', ...forwardedHeadersSslVariableUnset },
  { id: 'forwarded-headers/tls-required-behind-proxy', ...forwardedHeadersTlsRequiredBehindProxy },
  { id: 'forwarded-headers/underscored-header-dropped', ...forwardedHeadersUnderscoredHeaderDropped },
  { id: 'forwarded-headers/underscores-in-headers', ...forwardedHeadersUnderscoresInHeaders },
  { id: 'forwarded-headers/variable-misspelt', ...forwardedHeadersVariableMisspelt },
  { id: 'forwarded-headers/xff-client-appended', ...forwardedHeadersXffClientAppended },
  { id: 'hardening/allowoverride-on', ...hardeningAllowoverrideOn },
  { id: 'hardening/clients-unlimited', ...hardeningClientsUnlimited },
  { id: 'hardening/content-security-policy-missing', ...hardeningContentSecurityPolicyMissing },
  { id: 'hardening/content-type-sniffed', ...hardeningContentTypeSniffed },
  { id: 'hardening/cookie-flags-missing', ...hardeningCookieFlagsMissing },
  { id: 'hardening/default-content', ...hardeningDefaultContent },
  { id: 'hardening/fileetag-inode', ...hardeningFileetagInode },
  { id: 'hardening/framing-allowed', ...hardeningFramingAllowed },
  { id: 'hardening/hidden-files-served', ...hardeningHiddenFilesServed },
  { id: 'hardening/keepalive', ...hardeningKeepalive },
  { id: 'hardening/log-missing', ...hardeningLogMissing },
  { id: 'hardening/method-unrestricted', ...hardeningMethodUnrestricted },
  { id: 'hardening/module-unused', ...hardeningModuleUnused },
  { id: 'hardening/old-tls-by-default', ...hardeningOldTlsByDefault },
  { id: 'hardening/options-wide', ...hardeningOptionsWide },
  { id: 'hardening/referrer-policy-missing', ...hardeningReferrerPolicyMissing },
  { id: 'hardening/request-limits', ...hardeningRequestLimits },
  { id: 'hardening/requestreadtimeout', ...hardeningRequestreadtimeout },
  { id: 'hardening/root-not-denied', ...hardeningRootNotDenied },
  { id: 'hardening/session-tickets', ...hardeningSessionTickets },
  { id: 'hardening/timeouts-long', ...hardeningTimeoutsLong },
  { id: 'hardening/tls-compression', ...hardeningTlsCompression },
  { id: 'hardening/trace-enabled', ...hardeningTraceEnabled },
  { id: 'hardening/version-shown', ...hardeningVersionShown },
  { id: 'hardening/weak-ciphers', ...hardeningWeakCiphers },
  { id: 'loopback/app-server-public', ...loopbackAppServerPublic },
  { id: 'loopback/default-listen-left', ...loopbackDefaultListenLeft },
  { id: 'loopback/fastcgi-public', ...loopbackFastcgiPublic },
  { id: 'loopback/listen-no-ipv6-pair', ...loopbackListenNoIpv6Pair },
  { id: 'loopback/listen-port-conflict', ...loopbackListenPortConflict },
  { id: 'loopback/listen-public', ...loopbackListenPublic },
  { id: 'loopback/listen-unused', ...loopbackListenUnused },
  { id: 'loopback/localhost-trusted-once', ...loopbackLocalhostTrustedOnce },
  { id: 'loopback/postgres-listen-public', ...loopbackPostgresListenPublic },
  { id: 'loopback/vhost-wildcard-on-loopback-listen', ...loopbackVhostWildcardOnLoopbackListen },
  { id: 'nginx/backslash-reference', ...nginxBackslashReference },
  { id: 'nginx/capture-overwritten', ...nginxCaptureOverwritten },
  { id: 'nginx/capture-without-group', ...nginxCaptureWithoutGroup },
  { id: 'nginx/comma-in-list', ...nginxCommaInList },
  { id: 'nginx/defined-nowhere', ...nginxDefinedNowhere },
  { id: 'nginx/denied-dot-unescaped', ...nginxDeniedDotUnescaped },
  { id: 'nginx/directive-of-another-pass', ...nginxDirectiveOfAnotherPass },
  { id: 'nginx/directory-missing', ...nginxDirectoryMissing },
  { id: 'nginx/error-page-hides-status', ...nginxErrorPageHidesStatus },
  { id: 'nginx/error-page-keeps-status', ...nginxErrorPageKeepsStatus },
  { id: 'nginx/error-page-not-intercepted', ...nginxErrorPageNotIntercepted },
  { id: 'nginx/error-page-not-recursive', ...nginxErrorPageNotRecursive },
  { id: 'nginx/error-page-proxied', ...nginxErrorPageProxied },
  { id: 'nginx/error-page-refused', ...nginxErrorPageRefused },
  { id: 'nginx/error-page-repeated', ...nginxErrorPageRepeated },
  { id: 'nginx/error-page-without-slash', ...nginxErrorPageWithoutSlash },
  { id: 'nginx/extension-dot-unescaped', ...nginxExtensionDotUnescaped },
  { id: 'nginx/extensions-ungrouped', ...nginxExtensionsUngrouped },
  { id: 'nginx/fallback-leaves-alias', ...nginxFallbackLeavesAlias },
  { id: 'nginx/fallback-refused', ...nginxFallbackRefused },
  { id: 'nginx/file-test-not-path', ...nginxFileTestNotPath },
  { id: 'nginx/glob-in-pattern', ...nginxGlobInPattern },
  { id: 'nginx/group-miscounted', ...nginxGroupMiscounted },
  { id: 'nginx/group-repeated', ...nginxGroupRepeated },
  { id: 'nginx/if-loses-try-files', ...nginxIfLosesTryFiles },
  { id: 'nginx/include-misspelt', ...nginxIncludeMisspelt },
  { id: 'nginx/internal-redirect-cycle', ...nginxInternalRedirectCycle },
  { id: 'nginx/limit-page-of-other-status', ...nginxLimitPageOfOtherStatus },
  { id: 'nginx/line-not-ended', ...nginxLineNotEnded },
  { id: 'nginx/list-not-inherited', ...nginxListNotInherited },
  { id: 'nginx/location-literal-wildcard', ...nginxLocationLiteralWildcard },
  { id: 'nginx/location-never-reached', ...nginxLocationNeverReached },
  { id: 'nginx/log-file-named-switch', ...nginxLogFileNamedSwitch },
  { id: 'nginx/log-json-malformed', ...nginxLogJsonMalformed },
  { id: 'nginx/log-json-unescaped', ...nginxLogJsonUnescaped },
  { id: 'nginx/lookahead-misspelt', ...nginxLookaheadMisspelt },
  { id: 'nginx/loop-repeats-directive', ...nginxLoopRepeatsDirective },
  { id: 'nginx/map-entry-never-reached', ...nginxMapEntryNeverReached },
  { id: 'nginx/map-hostnames-missing', ...nginxMapHostnamesMissing },
  { id: 'nginx/map-key-never-matches', ...nginxMapKeyNeverMatches },
  { id: 'nginx/map-without-charset', ...nginxMapWithoutCharset },
  { id: 'nginx/media-type-misplaced', ...nginxMediaTypeMisplaced },
  { id: 'nginx/mirror-drops-path', ...nginxMirrorDropsPath },
  { id: 'nginx/module-not-loaded', ...nginxModuleNotLoaded },
  { id: 'nginx/pass-behind-return', ...nginxPassBehindReturn },
  { id: 'nginx/pattern-never-matches', ...nginxPatternNeverMatches },
  { id: 'nginx/pattern-not-path', ...nginxPatternNotPath },
  { id: 'nginx/placeholder-left-out', ...nginxPlaceholderLeftOut },
  { id: 'nginx/placeholder-slash-doubled', ...nginxPlaceholderSlashDoubled },
  { id: 'nginx/proxy-pass-drops-query', ...nginxProxyPassDropsQuery },
  { id: 'nginx/proxy-pass-drops-uri', ...nginxProxyPassDropsUri },
  { id: 'nginx/proxy-pass-normalises-uri', ...nginxProxyPassNormalisesUri },
  { id: 'nginx/proxy-pass-slash-mismatch', ...nginxProxyPassSlashMismatch },
  { id: 'nginx/proxy-pass-uri-ignored', ...nginxProxyPassUriIgnored },
  { id: 'nginx/query-without-question-mark', ...nginxQueryWithoutQuestionMark },
  { id: 'nginx/question-mark-unescaped', ...nginxQuestionMarkUnescaped },
  { id: 'nginx/quote-in-pattern', ...nginxQuoteInPattern },
  { id: 'nginx/regex-backtracks', ...nginxRegexBacktracks },
  { id: 'nginx/relative-to-prefix', ...nginxRelativeToPrefix },
  { id: 'nginx/return-json-malformed', ...nginxReturnJsonMalformed },
  { id: 'nginx/rewrite-never-reached', ...nginxRewriteNeverReached },
  { id: 'nginx/rewrite-without-slash', ...nginxRewriteWithoutSlash },
  { id: 'nginx/rewritten-path-glued', ...nginxRewrittenPathGlued },
  { id: 'nginx/server-try-files-unused', ...nginxServerTryFilesUnused },
  { id: 'nginx/service-does-not-wait', ...nginxServiceDoesNotWait },
  { id: 'nginx/service-forbids', ...nginxServiceForbids },
  { id: 'nginx/setting-left-behind', ...nginxSettingLeftBehind },
  { id: 'nginx/site-not-included', ...nginxSiteNotIncluded },
  { id: 'nginx/socket-path-setting', ...nginxSocketPathSetting },
  { id: 'nginx/socket-path-slash', ...nginxSocketPathSlash },
  { id: 'nginx/split-clients-remainder', ...nginxSplitClientsRemainder },
  { id: 'nginx/ssl-preread-off', ...nginxSslPrereadOff },
  { id: 'nginx/stock-site-answers', ...nginxStockSiteAnswers },
  { id: 'nginx/sub-filter-compressed', ...nginxSubFilterCompressed },
  { id: 'nginx/sub-filter-once', ...nginxSubFilterOnce },
  { id: 'nginx/syntax', ...nginxSyntax },
  { id: 'nginx/template-tag-broken', ...nginxTemplateTagBroken },
  { id: 'nginx/tilde-not-expanded', ...nginxTildeNotExpanded },
  { id: 'nginx/try-files-before-pass', ...nginxTryFilesBeforePass },
  { id: 'nginx/try-files-fallback-not-last', ...nginxTryFilesFallbackNotLast },
  { id: 'nginx/try-files-loses-query', ...nginxTryFilesLosesQuery },
  { id: 'nginx/try-files-without-slash', ...nginxTryFilesWithoutSlash },
  { id: 'nginx/typographic-quotes', ...nginxTypographicQuotes },
  { id: 'nginx/upstream-variable-in-request', ...nginxUpstreamVariableInRequest },
  { id: 'nginx/variable-asked-too-early', ...nginxVariableAskedTooEarly },
  { id: 'nginx/variable-behind-backslash', ...nginxVariableBehindBackslash },
  { id: 'nginx/variable-lost-to-shell', ...nginxVariableLostToShell },
  { id: 'nginx/variable-not-expanded', ...nginxVariableNotExpanded },
  { id: 'nginx/variable-unset', ...nginxVariableUnset },
  { id: 'nginx/variable-without-dollar', ...nginxVariableWithoutDollar },
  { id: 'nginx/websocket-connection-missing', ...nginxWebsocketConnectionMissing },
  { id: 'nginx/websocket-http-version', ...nginxWebsocketHttpVersion },
  { id: 'nginx/websocket-upgrade-missing', ...nginxWebsocketUpgradeMissing },
  { id: 'php/authorization-dropped', ...phpAuthorizationDropped },
  { id: 'php/constant-after-wordpress', ...phpConstantAfterWordpress },
  { id: 'php/cookie-domain-foreign', ...phpCookieDomainForeign },
  { id: 'php/daily-log-taken-by-root', ...phpDailyLogTakenByRoot },
  { id: 'php/dotenv-cut-at-hash', ...phpDotenvCutAtHash },
  { id: 'php/dotenv-refused', ...phpDotenvRefused },
  { id: 'php/engine-off-skipped', ...phpEngineOffSkipped },
  { id: 'php/environment-cleared', ...phpEnvironmentCleared },
  { id: 'php/errors-shown', ...phpErrorsShown },
  { id: 'php/front-controller-unasked', ...phpFrontControllerUnasked },
  { id: 'php/handler-not-removed', ...phpHandlerNotRemoved },
  { id: 'php/home-hidden', ...phpHomeHidden },
  { id: 'php/hot-file-left', ...phpHotFileLeft },
  { id: 'php/htaccess-front-controller-lost', ...phpHtaccessFrontControllerLost },
  { id: 'php/https-never-empty', ...phpHttpsNeverEmpty },
  { id: 'php/https-not-told', ...phpHttpsNotTold },
  { id: 'php/listen-replaced-by-image', ...phpListenReplacedByImage },
  { id: 'php/nextcloud-as-root', ...phpNextcloudAsRoot },
  { id: 'php/opcache-not-reset', ...phpOpcacheNotReset },
  { id: 'php/open-basedir', ...phpOpenBasedir },
  { id: 'php/own-address-redirected', ...phpOwnAddressRedirected },
  { id: 'php/path-info-empty', ...phpPathInfoEmpty },
  { id: 'php/pool-refused', ...phpPoolRefused },
  { id: 'php/release-link-not-resolved', ...phpReleaseLinkNotResolved },
  { id: 'php/request-method-missing', ...phpRequestMethodMissing },
  { id: 'php/request-refused', ...phpRequestRefused },
  { id: 'php/root-above-public', ...phpRootAbovePublic },
  { id: 'php/runs-any-file', ...phpRunsAnyFile },
  { id: 'php/script-filename-behind-alias', ...phpScriptFilenameBehindAlias },
  { id: 'php/script-filename-fixed', ...phpScriptFilenameFixed },
  { id: 'php/script-filename-missing', ...phpScriptFilenameMissing },
  { id: 'php/script-not-in-container', ...phpScriptNotInContainer },
  { id: 'php/script-outside-chroot', ...phpScriptOutsideChroot },
  { id: 'php/script-root-elsewhere', ...phpScriptRootElsewhere },
  { id: 'php/scripts-lost-to-regex', ...phpScriptsLostToRegex },
  { id: 'php/session-directory-of-package', ...phpSessionDirectoryOfPackage },
  { id: 'php/sessions-never-swept', ...phpSessionsNeverSwept },
  { id: 'php/setting-not-taken', ...phpSettingNotTaken },
  { id: 'php/settings-of-another-php', ...phpSettingsOfAnotherPhp },
  { id: 'php/short-tags-off', ...phpShortTagsOff },
  { id: 'php/socket-permissions', ...phpSocketPermissions },
  { id: 'php/value-sent-twice', ...phpValueSentTwice },
  { id: 'php/wordpress-robots-missing', ...phpWordpressRobotsMissing },
  { id: 'php/wp-cron-uncalled', ...phpWpCronUncalled },
  { id: 'response-headers/add-header-lost', ...responseHeadersAddHeaderLost },
  { id: 'response-headers/cache-control-contradicts', ...responseHeadersCacheControlContradicts },
  { id: 'response-headers/content-type-twice', ...responseHeadersContentTypeTwice },
  { id: 'response-headers/cookie-edit-in-other-table', ...responseHeadersCookieEditInOtherTable },
  { id: 'response-headers/cookie-path-reversed', ...responseHeadersCookiePathReversed },
  { id: 'response-headers/cookie-path-unreachable', ...responseHeadersCookiePathUnreachable },
  { id: 'response-headers/cors-fonts-without-woff2', ...responseHeadersCorsFontsWithoutWoff2 },
  { id: 'response-headers/cors-method-refused', ...responseHeadersCorsMethodRefused },
  { id: 'response-headers/cors-preflight-unanswered', ...responseHeadersCorsPreflightUnanswered },
  { id: 'response-headers/cors-preflight-unauthorized', ...responseHeadersCorsPreflightUnauthorized },
  { id: 'response-headers/cors-sent-twice', ...responseHeadersCorsSentTwice },
  { id: 'response-headers/cors-value-refused', ...responseHeadersCorsValueRefused },
  { id: 'response-headers/cors-without-always', ...responseHeadersCorsWithoutAlways },
  { id: 'response-headers/header-name-misspelt', ...responseHeadersHeaderNameMisspelt },
  { id: 'response-headers/header-value-newline', ...responseHeadersHeaderValueNewline },
  { id: 'response-headers/matrix-client-without-cors', ...responseHeadersMatrixClientWithoutCors },
  { id: 'response-headers/more-headers-without-colon', ...responseHeadersMoreHeadersWithoutColon },
  { id: 'response-headers/origin-reflected', ...responseHeadersOriginReflected },
  { id: 'response-headers/origin-reflected-by-apache', ...responseHeadersOriginReflectedByApache },
  { id: 'response-headers/page-sent-as-file', ...responseHeadersPageSentAsFile },
  { id: 'response-headers/policy-blocks-page', ...responseHeadersPolicyBlocksPage },
  { id: 'response-headers/return-writes-path', ...responseHeadersReturnWritesPath },
  { id: 'response-headers/sent-twice-by-apache', ...responseHeadersSentTwiceByApache },
  { id: 'response-headers/upgrade-insecure-without-tls', ...responseHeadersUpgradeInsecureWithoutTls },
  { id: 'response-headers/upgrade-over-http2', ...responseHeadersUpgradeOverHttp2 },
  { id: 'response-headers/value-ignored', ...responseHeadersValueIgnored },
  { id: 'response-headers/values-contradict', ...responseHeadersValuesContradict },
  { id: 'sizing/apache-workers-starved-by-daemon', ...sizingApacheWorkersStarvedByDaemon },
  { id: 'sizing/daemon-processes-1-explicit', ...sizingDaemonProcesses1Explicit },
  { id: 'sizing/daemon-thread-unsafe', ...sizingDaemonThreadUnsafe },
  { id: 'sizing/daemon-threads-exceed-apache-workers', ...sizingDaemonThreadsExceedApacheWorkers },
  { id: 'sizing/daemon-threads-excessive', ...sizingDaemonThreadsExcessive },
  { id: 'sizing/keepalive-connection-close', ...sizingKeepaliveConnectionClose },
  { id: 'sizing/keepalive-timeout-race', ...sizingKeepaliveTimeoutRace },
  { id: 'sizing/low-ram-servers', ...sizingLowRamServers },
  { id: 'sizing/mpm-not-loaded-as-described', ...sizingMpmNotLoadedAsDescribed },
  { id: 'sizing/mpm-threads-exceed-threadlimit', ...sizingMpmThreadsExceedThreadlimit },
  { id: 'sizing/mpm-workers-exceed-serverlimit', ...sizingMpmWorkersExceedServerlimit },
  { id: 'sizing/mpm-workers-not-multiple', ...sizingMpmWorkersNotMultiple },
  { id: 'sizing/nginx-keepalive-pins-workers', ...sizingNginxKeepalivePinsWorkers },
  { id: 'sizing/nginx-worker-connections', ...sizingNginxWorkerConnections },
  { id: 'sizing/postgres-connections-exceeded', ...sizingPostgresConnectionsExceeded },
  { id: 'sizing/upstream-keepalive-ineffective', ...sizingUpstreamKeepaliveIneffective },
  { id: 'static-files/alias-regex-without-capture', ...staticFilesAliasRegexWithoutCapture },
  { id: 'static-files/alias-slash-missing', ...staticFilesAliasSlashMissing },
  { id: 'static-files/alias-traversal', ...staticFilesAliasTraversal },
  { id: 'static-files/application-base', ...staticFilesApplicationBase },
  { id: 'static-files/application-page-not-found', ...staticFilesApplicationPageNotFound },
  { id: 'static-files/asset-answered-by-script', ...staticFilesAssetAnsweredByScript },
  { id: 'static-files/autoindex-on', ...staticFilesAutoindexOn },
  { id: 'static-files/below-closed-home', ...staticFilesBelowClosedHome },
  { id: 'static-files/below-home-of-root', ...staticFilesBelowHomeOfRoot },
  { id: 'static-files/changed-file-kept', ...staticFilesChangedFileKept },
  { id: 'static-files/compressed-type-unknown', ...staticFilesCompressedTypeUnknown },
  { id: 'static-files/copied-one-level-below', ...staticFilesCopiedOneLevelBelow },
  { id: 'static-files/default-page-left', ...staticFilesDefaultPageLeft },
  { id: 'static-files/directory-before-fallback', ...staticFilesDirectoryBeforeFallback },
  { id: 'static-files/directory-misspelt', ...staticFilesDirectoryMisspelt },
  { id: 'static-files/document-root-mismatch', ...staticFilesDocumentRootMismatch },
  { id: 'static-files/dotfiles-served', ...staticFilesDotfilesServed },
  { id: 'static-files/error-page-missing', ...staticFilesErrorPageMissing },
  { id: 'static-files/extension-case', ...staticFilesExtensionCase },
  { id: 'static-files/gzip-not-for-cdn', ...staticFilesGzipNotForCdn },
  { id: 'static-files/htaccess-not-applied', ...staticFilesHtaccessNotApplied },
  { id: 'static-files/index-leaves-location', ...staticFilesIndexLeavesLocation },
  { id: 'static-files/internal-files-served', ...staticFilesInternalFilesServed },
  { id: 'static-files/media-executable', ...staticFilesMediaExecutable },
  { id: 'static-files/media-type-misspelt', ...staticFilesMediaTypeMisspelt },
  { id: 'static-files/missing-asset-answers-page', ...staticFilesMissingAssetAnswersPage },
  { id: 'static-files/module-type-missing', ...staticFilesModuleTypeMissing },
  { id: 'static-files/page-not-there', ...staticFilesPageNotThere },
  { id: 'static-files/pages-expire-late', ...staticFilesPagesExpireLate },
  { id: 'static-files/path-from-client', ...staticFilesPathFromClient },
  { id: 'static-files/php-source-served', ...staticFilesPhpSourceServed },
  { id: 'static-files/rails-files-unserved', ...staticFilesRailsFilesUnserved },
  { id: 'static-files/regex-takes-aliased-path', ...staticFilesRegexTakesAliasedPath },
  { id: 'static-files/root-exposes-code', ...staticFilesRootExposesCode },
  { id: 'static-files/root-in-one-location', ...staticFilesRootInOneLocation },
  { id: 'static-files/root-is-file-system', ...staticFilesRootIsFileSystem },
  { id: 'static-files/root-repeats-location', ...staticFilesRootRepeatsLocation },
  { id: 'static-files/rsync-deletes-uploads', ...staticFilesRsyncDeletesUploads },
  { id: 'static-files/scripts-not-compressed', ...staticFilesScriptsNotCompressed },
  { id: 'static-files/sendfile-on-synced-folder', ...staticFilesSendfileOnSyncedFolder },
  { id: 'static-files/start-page-cacheable', ...staticFilesStartPageCacheable },
  { id: 'static-files/start-page-not-looked-for', ...staticFilesStartPageNotLookedFor },
  { id: 'static-files/state-directory-private', ...staticFilesStateDirectoryPrivate },
  { id: 'static-files/types-without-css', ...staticFilesTypesWithoutCss },
  { id: 'static-files/wsgi-dir-in-docroot', ...staticFilesWsgiDirInDocroot },
  { id: 'suppression/reason-missing', ...suppressionReasonMissing },
  { id: 'suppression/unknown-rule', ...suppressionUnknownRule },
  { id: 'suppression/unused', ...suppressionUnused },
  { id: 'timeouts/apache-below-app-server', ...timeoutsApacheBelowAppServer },
  { id: 'timeouts/apache-below-nginx', ...timeoutsApacheBelowNginx },
  { id: 'timeouts/apache-below-php', ...timeoutsApacheBelowPhp },
  { id: 'timeouts/fpm-below-php', ...timeoutsFpmBelowPhp },
  { id: 'timeouts/gunicorn-below-apache', ...timeoutsGunicornBelowApache },
  { id: 'timeouts/gunicorn-below-nginx', ...timeoutsGunicornBelowNginx },
  { id: 'timeouts/nginx-below-apache', ...timeoutsNginxBelowApache },
  { id: 'timeouts/nginx-below-app-server', ...timeoutsNginxBelowAppServer },
  { id: 'timeouts/nginx-below-php', ...timeoutsNginxBelowPhp },
  { id: 'timeouts/quiet-websocket-closed', ...timeoutsQuietWebsocketClosed },
  { id: 'timeouts/request-body-cut-off', ...timeoutsRequestBodyCutOff },
  { id: 'timeouts/supervisor-below-gunicorn', ...timeoutsSupervisorBelowGunicorn },
  { id: 'timeouts/uwsgi-harakiri-below-nginx', ...timeoutsUwsgiHarakiriBelowNginx },
  { id: 'timeouts/wsgi-request-timeout-kills-process', ...timeoutsWsgiRequestTimeoutKillsProcess },
  { id: 'timeouts/wsgi-request-timeout-missing', ...timeoutsWsgiRequestTimeoutMissing },
  { id: 'tls/acme-challenge-not-served', ...tlsAcmeChallengeNotServed },
  { id: 'tls/acme-port-taken', ...tlsAcmePortTaken },
  { id: 'tls/apache-sni-mismatch', ...tlsApacheSniMismatch },
  { id: 'tls/backend-asks-certificate', ...tlsBackendAsksCertificate },
  { id: 'tls/backend-name-unverifiable', ...tlsBackendNameUnverifiable },
  { id: 'tls/backend-not-verified', ...tlsBackendNotVerified },
  { id: 'tls/backend-proxied-over-tls-to-plain', ...tlsBackendProxiedOverTlsToPlain },
  { id: 'tls/cert-name-mismatch', ...tlsCertNameMismatch },
  { id: 'tls/certificate-of-another-key', ...tlsCertificateOfAnotherKey },
  { id: 'tls/certificate-of-default-server', ...tlsCertificateOfDefaultServer },
  { id: 'tls/certificates-not-kept', ...tlsCertificatesNotKept },
  { id: 'tls/chain-broken', ...tlsChainBroken },
  { id: 'tls/chain-file-repeats-certificate', ...tlsChainFileRepeatsCertificate },
  { id: 'tls/chain-missing', ...tlsChainMissing },
  { id: 'tls/client-ca-missing', ...tlsClientCaMissing },
  { id: 'tls/client-ca-public', ...tlsClientCaPublic },
  { id: 'tls/client-certificate-after-handshake', ...tlsClientCertificateAfterHandshake },
  { id: 'tls/client-certificate-asked-before', ...tlsClientCertificateAskedBefore },
  { id: 'tls/client-certificate-not-asked', ...tlsClientCertificateNotAsked },
  { id: 'tls/hsts-missing', ...tlsHstsMissing },
  { id: 'tls/hsts-not-always', ...tlsHstsNotAlways },
  { id: 'tls/hsts-on-http', ...tlsHstsOnHttp },
  { id: 'tls/http2-without-ssl', ...tlsHttp2WithoutSsl },
  { id: 'tls/http3-not-announced', ...tlsHttp3NotAnnounced },
  { id: 'tls/key-unreadable', ...tlsKeyUnreadable },
  { id: 'tls/key-with-passphrase', ...tlsKeyWithPassphrase },
  { id: 'tls/key-world-readable', ...tlsKeyWorldReadable },
  { id: 'tls/lineage-not-renewed', ...tlsLineageNotRenewed },
  { id: 'tls/listen-without-ssl', ...tlsListenWithoutSsl },
  { id: 'tls/pinned-ip-listen', ...tlsPinnedIpListen },
  { id: 'tls/protocols-of-default-server', ...tlsProtocolsOfDefaultServer },
  { id: 'tls/renewal-by-hand', ...tlsRenewalByHand },
  { id: 'tls/renewal-without-reload', ...tlsRenewalWithoutReload },
  { id: 'tls/ssl-on-deprecated', ...tlsSslOnDeprecated },
  { id: 'tls/ssl-on-hits-plain-listen', ...tlsSslOnHitsPlainListen },
  { id: 'tls/ssl-on-port-80', ...tlsSslOnPort80 },
  { id: 'tls/sslengine-port-mismatch', ...tlsSslenginePortMismatch },
  { id: 'tls/upstream-server-name-off', ...tlsUpstreamServerNameOff },
  { id: 'tls/virtual-host-uncertified', ...tlsVirtualHostUncertified },
  { id: 'tls/weak-protocol', ...tlsWeakProtocol },
  { id: 'topology/ajp-secret-missing', ...topologyAjpSecretMissing },
  { id: 'topology/backend-not-listening', ...topologyBackendNotListening },
  { id: 'topology/balancer-resolved-once', ...topologyBalancerResolvedOnce },
  { id: 'topology/caddy-expects-tls', ...topologyCaddyExpectsTls },
  { id: 'topology/client-chooses-backend', ...topologyClientChoosesBackend },
  { id: 'topology/cloud-host-refused', ...topologyCloudHostRefused },
  { id: 'topology/cluster-name-short', ...topologyClusterNameShort },
  { id: 'topology/dav-destination-scheme', ...topologyDavDestinationScheme },
  { id: 'topology/error-pages-replace-api', ...topologyErrorPagesReplaceApi },
  { id: 'topology/events-buffered', ...topologyEventsBuffered },
  { id: 'topology/grpc-without-http2', ...topologyGrpcWithoutHttp2 },
  { id: 'topology/haproxy-check-without-host', ...topologyHaproxyCheckWithoutHost },
  { id: 'topology/host-refused-by-application', ...topologyHostRefusedByApplication },
  { id: 'topology/host-selects-wrong-server', ...topologyHostSelectsWrongServer },
  { id: 'topology/host-selects-wrong-vhost', ...topologyHostSelectsWrongVhost },
  { id: 'topology/http-to-tls-port', ...topologyHttpToTlsPort },
  { id: 'topology/ip-hash-sees-proxy', ...topologyIpHashSeesProxy },
  { id: 'topology/listen-in-http-and-stream', ...topologyListenInHttpAndStream },
  { id: 'topology/listen-without-vhost', ...topologyListenWithoutVhost },
  { id: 'topology/localhost-misspelt', ...topologyLocalhostMisspelt },
  { id: 'topology/localhost-of-other-family', ...topologyLocalhostOfOtherFamily },
  { id: 'topology/named-location-missing', ...topologyNamedLocationMissing },
  { id: 'topology/odoo-websocket-port', ...topologyOdooWebsocketPort },
  { id: 'topology/own-prefix-stripped', ...topologyOwnPrefixStripped },
  { id: 'topology/page-opens-plain-websocket', ...topologyPageOpensPlainWebsocket },
  { id: 'topology/pass-not-inherited', ...topologyPassNotInherited },
  { id: 'topology/path-not-routed', ...topologyPathNotRouted },
  { id: 'topology/protocol-mismatch', ...topologyProtocolMismatch },
  { id: 'topology/proxy-protocol-mismatch', ...topologyProxyProtocolMismatch },
  { id: 'topology/regex-takes-proxied-path', ...topologyRegexTakesProxiedPath },
  { id: 'topology/regex-takes-rewritten-path', ...topologyRegexTakesRewrittenPath },
  { id: 'topology/resolver-missing', ...topologyResolverMissing },
  { id: 'topology/selinux-forbids-proxy', ...topologySelinuxForbidsProxy },
  { id: 'topology/server-name-not-in-apache', ...topologyServerNameNotInApache },
  { id: 'topology/serveralias-not-in-nginx', ...topologyServeraliasNotInNginx },
  { id: 'topology/servername-mismatch-single-vhost', ...topologyServernameMismatchSingleVhost },
  { id: 'topology/signed-path-changed', ...topologySignedPathChanged },
  { id: 'topology/socket-in-private-tmp', ...topologySocketInPrivateTmp },
  { id: 'topology/socketio-path', ...topologySocketioPath },
  { id: 'topology/static-bypasses-backend-acl', ...topologyStaticBypassesBackendAcl },
  { id: 'topology/sticky-without-route', ...topologyStickyWithoutRoute },
  { id: 'topology/try-files-fallback-lost', ...topologyTryFilesFallbackLost },
  { id: 'topology/try-files-takes-proxied-path', ...topologyTryFilesTakesProxiedPath },
  { id: 'topology/upstream-address-mismatch', ...topologyUpstreamAddressMismatch },
  { id: 'topology/upstream-port-missing', ...topologyUpstreamPortMissing },
  { id: 'topology/upstream-port-not-listened', ...topologyUpstreamPortNotListened },
  { id: 'topology/upstream-public-name', ...topologyUpstreamPublicName },
  { id: 'topology/upstream-self-loop', ...topologyUpstreamSelfLoop },
  { id: 'topology/upstream-servers-down', ...topologyUpstreamServersDown },
  { id: 'topology/upstream-undefined', ...topologyUpstreamUndefined },
  { id: 'topology/upstream-unused', ...topologyUpstreamUnused },
  { id: 'topology/vhost-no-upstream', ...topologyVhostNoUpstream },
  { id: 'topology/vhost-unreachable-port', ...topologyVhostUnreachablePort },
  { id: 'topology/x-accel-unanswered', ...topologyXAccelUnanswered },
  { id: 'topology/x-sendfile-unanswered', ...topologyXSendfileUnanswered },
  { id: 'versions/apache-vulnerable', ...versionsApacheVulnerable },
  { id: 'versions/django-vulnerable', ...versionsDjangoVulnerable },
  { id: 'versions/mod-wsgi-vulnerable', ...versionsModWsgiVulnerable },
  { id: 'versions/nginx-vulnerable', ...versionsNginxVulnerable },
  { id: 'wsgi/alias-order', ...wsgiAliasOrder },
  { id: 'wsgi/application-group-global', ...wsgiApplicationGroupGlobal },
  { id: 'wsgi/apps-share-process-group', ...wsgiAppsShareProcessGroup },
  { id: 'wsgi/authorization-dropped', ...wsgiAuthorizationDropped },
  { id: 'wsgi/callable-missing', ...wsgiCallableMissing },
  { id: 'wsgi/daemon-duplicate-name', ...wsgiDaemonDuplicateName },
  { id: 'wsgi/daemon-unused', ...wsgiDaemonUnused },
  { id: 'wsgi/directory-not-granted', ...wsgiDirectoryNotGranted },
  { id: 'wsgi/display-name', ...wsgiDisplayName },
  { id: 'wsgi/embedded-mode', ...wsgiEmbeddedMode },
  { id: 'wsgi/environment-not-used', ...wsgiEnvironmentNotUsed },
  { id: 'wsgi/environment-of-another-python', ...wsgiEnvironmentOfAnotherPython },
  { id: 'wsgi/envvars-not-exported', ...wsgiEnvvarsNotExported },
  { id: 'wsgi/extension-in-two-interpreters', ...wsgiExtensionInTwoInterpreters },
  { id: 'wsgi/global-with-multiple-apps', ...wsgiGlobalWithMultipleApps },
  { id: 'wsgi/handler-over-alias', ...wsgiHandlerOverAlias },
  { id: 'wsgi/locale-ascii', ...wsgiLocaleAscii },
  { id: 'wsgi/maximum-requests', ...wsgiMaximumRequests },
  { id: 'wsgi/mod-wsgi-option-too-new', ...wsgiModWsgiOptionTooNew },
  { id: 'wsgi/module-of-python-2', ...wsgiModuleOfPython2 },
  { id: 'wsgi/mount-repeated', ...wsgiMountRepeated },
  { id: 'wsgi/process-group-not-visible', ...wsgiProcessGroupNotVisible },
  { id: 'wsgi/process-group-order', ...wsgiProcessGroupOrder },
  { id: 'wsgi/process-group-undefined', ...wsgiProcessGroupUndefined },
  { id: 'wsgi/project-not-on-path', ...wsgiProjectNotOnPath },
  { id: 'wsgi/python-home-missing', ...wsgiPythonHomeMissing },
  { id: 'wsgi/python-path-inside-package', ...wsgiPythonPathInsidePackage },
  { id: 'wsgi/python-path-site-packages', ...wsgiPythonPathSitePackages },
  { id: 'wsgi/relative-file', ...wsgiRelativeFile },
  { id: 'wsgi/restrict-embedded-off', ...wsgiRestrictEmbeddedOff },
  { id: 'wsgi/script-is-directory', ...wsgiScriptIsDirectory },
  { id: 'wsgi/script-missing', ...wsgiScriptMissing },
  { id: 'wsgi/setenv-not-environ', ...wsgiSetenvNotEnviron },
  { id: 'wsgi/settings-not-found', ...wsgiSettingsNotFound },
  { id: 'wsgi/socket-prefix-unreadable', ...wsgiSocketPrefixUnreadable },
  { id: 'wsgi/timezone-leak', ...wsgiTimezoneLeak },
  { id: 'wsgi/touch-in-embedded-mode', ...wsgiTouchInEmbeddedMode },
  { id: 'wsgi/trusted-proxies-missing', ...wsgiTrustedProxiesMissing },
  { id: 'wsgi/user-missing', ...wsgiUserMissing },
  { id: 'wsgi/user-root', ...wsgiUserRoot },
]
