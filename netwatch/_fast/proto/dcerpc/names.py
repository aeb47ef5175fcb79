"""Names of DCE/RPC: interfaces by UUID, their operations by number, and the status of faults (C706 appendix E)."""

INTERFACES = {
    "e1af8308-5d1f-11c9-91a4-08002b14a0fa": "epm",
    "afa8bd80-7d8a-11c9-bef4-08002b102989": "mgmt",
    "12345778-1234-abcd-ef00-0123456789ab": "lsarpc",
    "12345778-1234-abcd-ef00-0123456789ac": "samr",
    "12345678-1234-abcd-ef00-01234567cffb": "netlogon",
    "4b324fc8-1670-01d3-1278-5a47bf6ee188": "srvsvc",
    "6bffd098-a112-3610-9833-46c3f87e345a": "wkssvc",
    "6bffd098-a112-3610-9833-012892020162": "browser",
    "6bffd098-a112-3610-9833-46c3f874532d": "dhcpsrv",
    "5b821720-f63b-11d0-aad2-00c04fc324db": "dhcpsrv2",
    "367abb81-9844-35f1-ad32-98f038001003": "svcctl",
    "338cd001-2244-31f1-aaaa-900038001003": "winreg",
    "e3514235-4b06-11d1-ab04-00c04fc2dcd2": "drsuapi",
    "7c44d7d4-31d5-424c-bd5e-2b3e1f323d22": "dsaop",
    "3919286a-b10c-11d0-9ba8-00c04fd92ef5": "dssetup",
    "3dde7c30-165d-11d1-ab8f-00805f14db40": "backupkey",
    "b9785960-524f-11df-8b6d-83dcded72085": "gkdi",
    "1ff70682-0a51-30e8-076d-740be8cee98b": "atsvc",
    "86d35949-83c9-4044-b424-db363231fd0c": "ITaskSchedulerService",
    "378e52b0-c0a9-11cf-822d-00aa0051e40f": "SASec",
    "12345678-1234-abcd-ef00-0123456789ab": "spoolss",
    "76f03f96-cdfd-44fc-a22c-64950a001209": "winspool",
    "82273fdc-e32a-18c3-3f78-827929dc23ea": "eventlog",
    "f6beaff7-1e19-4fbb-9f8f-b89e2018337c": "IEventService",
    "c681d488-d850-11d0-8c52-00c04fd90f7e": "efsrpc",
    "df1941c5-fe89-4e79-bf10-463657acf44d": "efsrpc",
    "4fc742e0-4a10-11cf-8273-00aa004ae673": "netdfs",
    "f5cc59b4-4264-101a-8c59-08002b2f8426": "frsrpc",
    "897e2e5f-93f3-4376-9c9c-fd2277495c27": "frstrans",
    "50abc2a4-574d-40b3-9d66-ee4fd5fba076": "dnsserver",
    "894de0c0-0d55-11d3-a322-00c04fa321a1": "initshutdown",
    "d95afe70-a6d5-4259-822e-2c84da1ddb0d": "WindowsShutdown",
    "a8e0653c-2744-4389-a61d-7373df8b2292": "FileServerVssAgent",
    "8d9f4e40-a03d-11ce-8f69-08003e30051b": "ntsvcs",
    "5a7b91f8-ff00-11d0-a9b2-00c04fb6e6fc": "msgsvc",
    "2f5f6520-ca46-1067-b319-00dd010662da": "tapsrv",
    "4da1c422-943d-11d1-acae-00c04fc2aa3f": "trksvr",
    "300f3532-38cc-11d0-a3f0-0020af6b0add": "trkwks",
    "91ae6020-9e3c-11cf-8d7c-00aa00c091be": "ICertPassage",
    "d99e6e70-fc88-11d0-b498-00a0c90312f3": "ICertRequestD",
    "484809d6-4239-471b-b5bc-61df8c23ac48": "TermSrvSession",
    "88143fd0-c28d-4b2b-8fef-8d882f6a9390": "TermSrvEnumeration",
    "1257b580-ce2f-4109-82d6-a9459d0bf6bc": "SessEnv",
    "f5cc5a18-4264-101a-8c59-08002b2f8426": "nspi",
    "1544f5e0-613c-11d1-93df-00c04fd7bd09": "rfr",
    "a4f1db00-ca47-1067-b31f-00dd010662da": "emsmdb",
    "99fcfec4-5260-101b-bbcb-00aa0021347a": "IOXIDResolver",
    "4d9f4ab8-7d1c-11cf-861e-0020af6e7c57": "IRemoteActivation",
    "000001a0-0000-0000-c000-000000000046": "ISystemActivator",
    "00000131-0000-0000-c000-000000000046": "IRemUnknown",
    "00000143-0000-0000-c000-000000000046": "IRemUnknown2",
    "00020400-0000-0000-c000-000000000046": "IDispatch",
    "f309ad18-d86a-11d0-a075-00c04fb68820": "IWbemLevel1Login",
    "d4781cd6-e5d3-44df-ad94-930efe48a887": "IWbemLoginClientID",
    "9556dc99-828c-11cf-a37e-00aa003240c7": "IWbemServices",
    "027947e1-d731-11ce-a357-000000000001": "IEnumWbemClassObject",
    "1c1c45ee-4395-11d2-b60b-00104b703efd": "IWbemFetchSmartEnum",
    "423ec01e-2e35-11d2-b604-00104b703efd": "IWbemWCOSmartEnum",
    "fa7df749-66e7-4986-a27f-e2f04ae53772": "IVssSnapshotMgmt",
    "dea00001-6c97-11d1-8271-00a02442df7d": "PNIO-device",
    "dea00002-6c97-11d1-8271-00a02442df7d": "PNIO-controller",
    "dea00003-6c97-11d1-8271-00a02442df7d": "PNIO-supervisor",
    "dea00004-6c97-11d1-8271-00a02442df7d": "PNIO-parameter-server",
}

# by interface: numbers, each before its operation
_OPERATIONS = {
    "epm": "2 ept_lookup 3 ept_map 4 ept_lookup_handle_free",
    "mgmt": "0 inq_if_ids 1 inq_stats 2 is_server_listening 3 stop_server_listening 4 inq_princ_name",
    "lsarpc":
        "0 LsarClose 2 LsarEnumeratePrivileges 3 LsarQuerySecurityObject 4 LsarSetSecurityObject 6 LsarOpenPolicy "
        "7 LsarQueryInformationPolicy 8 LsarSetInformationPolicy 10 LsarCreateAccount 11 LsarEnumerateAccounts 13 "
        "LsarEnumerateTrustedDomains 14 LsarLookupNames 15 LsarLookupSids 16 LsarCreateSecret 17 LsarOpenAccount "
        "18 LsarEnumeratePrivilegesAccount 19 LsarAddPrivilegesToAccount 20 LsarRemovePrivilegesFromAccount 23 "
        "LsarGetSystemAccessAccount 24 LsarSetSystemAccessAccount 28 LsarOpenSecret 29 LsarSetSecret 30 "
        "LsarQuerySecret 31 LsarLookupPrivilegeValue 32 LsarLookupPrivilegeName 33 LsarLookupPrivilegeDisplayName "
        "34 LsarDeleteObject 35 LsarEnumerateAccountsWithUserRight 36 LsarEnumerateAccountRights 37 "
        "LsarAddAccountRights 38 LsarRemoveAccountRights 42 LsarStorePrivateData 43 LsarRetrievePrivateData 44 "
        "LsarOpenPolicy2 45 LsarGetUserName 46 LsarQueryInformationPolicy2 47 LsarSetInformationPolicy2 50 "
        "LsarEnumerateTrustedDomainsEx 53 LsarQueryDomainInformationPolicy 57 LsarLookupSids2 58 LsarLookupNames2 "
        "68 LsarLookupNames3 76 LsarLookupSids3 77 LsarLookupNames4",
    "samr":
        "0 SamrConnect 1 SamrCloseHandle 2 SamrSetSecurityObject 3 SamrQuerySecurityObject 5 "
        "SamrLookupDomainInSamServer 6 SamrEnumerateDomainsInSamServer 7 SamrOpenDomain 8 "
        "SamrQueryInformationDomain 9 SamrSetInformationDomain 10 SamrCreateGroupInDomain 11 "
        "SamrEnumerateGroupsInDomain 12 SamrCreateUserInDomain 13 SamrEnumerateUsersInDomain 14 "
        "SamrCreateAliasInDomain 15 SamrEnumerateAliasesInDomain 16 SamrGetAliasMembership 17 "
        "SamrLookupNamesInDomain 18 SamrLookupIdsInDomain 19 SamrOpenGroup 20 SamrQueryInformationGroup 21 "
        "SamrSetInformationGroup 22 SamrAddMemberToGroup 23 SamrDeleteGroup 24 SamrRemoveMemberFromGroup 25 "
        "SamrGetMembersInGroup 26 SamrSetMemberAttributesOfGroup 27 SamrOpenAlias 28 SamrQueryInformationAlias 29 "
        "SamrSetInformationAlias 30 SamrDeleteAlias 31 SamrAddMemberToAlias 32 SamrRemoveMemberFromAlias 33 "
        "SamrGetMembersInAlias 34 SamrOpenUser 35 SamrDeleteUser 36 SamrQueryInformationUser 37 "
        "SamrSetInformationUser 38 SamrChangePasswordUser 39 SamrGetGroupsForUser 40 SamrQueryDisplayInformation "
        "41 SamrGetDisplayEnumerationIndex 44 SamrGetUserDomainPasswordInformation 45 "
        "SamrRemoveMemberFromForeignDomain 46 SamrQueryInformationDomain2 47 SamrQueryInformationUser2 48 "
        "SamrQueryDisplayInformation2 49 SamrGetDisplayEnumerationIndex2 50 SamrCreateUser2InDomain 51 "
        "SamrQueryDisplayInformation3 52 SamrAddMultipleMembersToAlias 53 SamrRemoveMultipleMembersFromAlias 54 "
        "SamrOemChangePasswordUser2 55 SamrUnicodeChangePasswordUser2 56 SamrGetDomainPasswordInformation 57 "
        "SamrConnect2 58 SamrSetInformationUser2 62 SamrConnect4 64 SamrConnect5 65 SamrRidToSid 66 "
        "SamrSetDSRMPassword 67 SamrValidatePassword",
    "netlogon":
        "0 NetrLogonUasLogon 1 NetrLogonUasLogoff 2 NetrLogonSamLogon 3 NetrLogonSamLogoff 4 "
        "NetrServerReqChallenge 5 NetrServerAuthenticate 7 NetrDatabaseDeltas 8 NetrDatabaseSync 11 NetrGetDCName "
        "12 NetrLogonControl 13 NetrGetAnyDCName 14 NetrLogonControl2 15 NetrServerAuthenticate2 16 "
        "NetrDatabaseSync2 17 NetrDatabaseRedo 18 NetrLogonControl2Ex 19 NetrEnumerateTrustedDomains 20 "
        "DsrGetDcName 21 NetrLogonGetCapabilities 22 NetrLogonSetServiceBits 23 NetrLogonGetTrustRid 24 "
        "NetrLogonComputeServerDigest 25 NetrLogonComputeClientDigest 26 NetrServerAuthenticate3 27 "
        "DsrGetDcNameEx 28 DsrGetSiteName 29 NetrLogonGetDomainInfo 30 NetrServerPasswordSet2 31 "
        "NetrServerPasswordGet 32 NetrLogonSendToSam 33 DsrAddressToSiteNamesW 34 DsrGetDcNameEx2 35 "
        "NetrLogonGetTimeServiceParentDomain 36 NetrEnumerateTrustedDomainsEx 37 DsrAddressToSiteNamesExW 38 "
        "DsrGetDcSiteCoverageW 39 NetrLogonSamLogonEx 40 DsrEnumerateDomainTrusts 41 DsrDeregisterDnsHostRecords "
        "42 NetrServerTrustPasswordsGet 43 DsrGetForestTrustInformation 44 NetrGetForestTrustInformation 45 "
        "NetrLogonSamLogonWithFlags 46 NetrServerGetTrustInfo",
    "srvsvc":
        "8 NetrConnectionEnum 9 NetrFileEnum 10 NetrFileGetInfo 11 NetrFileClose 12 NetrSessionEnum 13 "
        "NetrSessionDel 14 NetrShareAdd 15 NetrShareEnum 16 NetrShareGetInfo 17 NetrShareSetInfo 18 NetrShareDel "
        "19 NetrShareDelSticky 20 NetrShareCheck 21 NetrServerGetInfo 22 NetrServerSetInfo 23 NetrServerDiskEnum "
        "24 NetrServerStatisticsGet 25 NetrServerTransportAdd 26 NetrServerTransportEnum 27 "
        "NetrServerTransportDel 28 NetrRemoteTOD 30 NetprPathType 31 NetprPathCanonicalize 32 NetprPathCompare 33 "
        "NetprNameValidate 34 NetprNameCanonicalize 35 NetprNameCompare 36 NetrShareEnumSticky 37 "
        "NetrShareDelStart 38 NetrShareDelCommit 39 NetrpGetFileSecurity 40 NetrpSetFileSecurity 41 "
        "NetrServerTransportAddEx 43 NetrDfsGetVersion 44 NetrDfsCreateLocalPartition 45 "
        "NetrDfsDeleteLocalPartition 46 NetrDfsSetLocalVolumeState 48 NetrDfsCreateExitPoint 49 "
        "NetrDfsDeleteExitPoint 50 NetrDfsModifyPrefix 51 NetrDfsFixLocalVolume 52 NetrDfsManagerReportSiteInfo "
        "53 NetrServerTransportDelEx 54 NetrServerAliasAdd 55 NetrServerAliasEnum 56 NetrServerAliasDel 57 "
        "NetrShareDelEx",
    "wkssvc":
        "0 NetrWkstaGetInfo 1 NetrWkstaSetInfo 2 NetrWkstaUserEnum 5 NetrWkstaTransportEnum 6 "
        "NetrWkstaTransportAdd 8 NetrUseAdd 9 NetrUseGetInfo 10 NetrUseDel 11 NetrUseEnum 13 "
        "NetrWorkstationStatisticsGet 20 NetrGetJoinInformation 22 NetrJoinDomain2 23 NetrUnjoinDomain2 24 "
        "NetrRenameMachineInDomain2 25 NetrValidateName2 26 NetrGetJoinableOUs2 27 NetrAddAlternateComputerName "
        "28 NetrRemoveAlternateComputerName 29 NetrSetPrimaryComputerName 30 NetrEnumerateComputerNames",
    "svcctl":
        "0 RCloseServiceHandle 1 RControlService 2 RDeleteService 3 RLockServiceDatabase 4 "
        "RQueryServiceObjectSecurity 5 RSetServiceObjectSecurity 6 RQueryServiceStatus 7 RSetServiceStatus 8 "
        "RUnlockServiceDatabase 9 RNotifyBootConfigStatus 11 RChangeServiceConfigW 12 RCreateServiceW 13 "
        "REnumDependentServicesW 14 REnumServicesStatusW 15 ROpenSCManagerW 16 ROpenServiceW 17 "
        "RQueryServiceConfigW 18 RQueryServiceLockStatusW 19 RStartServiceW 20 RGetServiceDisplayNameW 21 "
        "RGetServiceKeyNameW 35 REnumServiceGroupW 37 RChangeServiceConfig2W 39 RQueryServiceConfig2W 40 "
        "RQueryServiceStatusEx 42 REnumServicesStatusExW 45 RCreateServiceWOW64W 47 RNotifyServiceStatusChange 48 "
        "RGetNotifyResults 49 RCloseNotifyHandle 51 RControlServiceExW 56 RQueryServiceConfigEx",
    "winreg":
        "0 OpenClassesRoot 1 OpenCurrentUser 2 OpenLocalMachine 3 OpenPerformanceData 4 OpenUsers 5 "
        "BaseRegCloseKey 6 BaseRegCreateKey 7 BaseRegDeleteKey 8 BaseRegDeleteValue 9 BaseRegEnumKey 10 "
        "BaseRegEnumValue 11 BaseRegFlushKey 12 BaseRegGetKeySecurity 13 BaseRegLoadKey 15 BaseRegOpenKey 16 "
        "BaseRegQueryInfoKey 17 BaseRegQueryValue 18 BaseRegReplaceKey 19 BaseRegRestoreKey 20 BaseRegSaveKey 21 "
        "BaseRegSetKeySecurity 22 BaseRegSetValue 23 BaseRegUnLoadKey 26 BaseRegGetVersion 27 OpenCurrentConfig "
        "29 BaseRegQueryMultipleValues 31 BaseRegSaveKeyEx 32 OpenPerformanceText 33 OpenPerformanceNlsText 34 "
        "BaseRegQueryMultipleValues2 35 BaseRegDeleteKeyEx",
    "drsuapi":
        "0 DRSBind 1 DRSUnbind 2 DRSReplicaSync 3 DRSGetNCChanges 4 DRSUpdateRefs 5 DRSReplicaAdd 6 DRSReplicaDel "
        "8 DRSVerifyNames 9 DRSGetMemberships 12 DRSCrackNames 16 DRSDomainControllerInfo 17 DRSAddEntry",
    "dssetup": "0 DsRolerGetPrimaryDomainInformation",
    "backupkey": "0 BackuprKey",
    "gkdi": "0 GkdiRpcGetKey",
    "atsvc": "0 NetrJobAdd 1 NetrJobDel 2 NetrJobEnum 3 NetrJobGetInfo",
    "ITaskSchedulerService":
        "0 SchRpcHighestVersion 1 SchRpcRegisterTask 2 SchRpcRetrieveTask 3 SchRpcCreateFolder 4 "
        "SchRpcSetSecurity 5 SchRpcGetSecurity 6 SchRpcEnumFolders 7 SchRpcEnumTasks 8 SchRpcEnumInstances 9 "
        "SchRpcGetInstanceInfo 10 SchRpcStopInstance 11 SchRpcStop 12 SchRpcRun 13 SchRpcDelete 14 SchRpcRename "
        "15 SchRpcScheduledRuntimes 16 SchRpcGetLastRunInfo 17 SchRpcGetTaskInfo 18 SchRpcGetNumberOfMissedRuns "
        "19 SchRpcEnableTask",
    "SASec":
        "0 SASetAccountInformation 1 SASetNSAccountInformation 2 SAGetNSAccountInformation 3 "
        "SAGetAccountInformation",
    "spoolss":
        "0 RpcEnumPrinters 1 RpcOpenPrinter 10 RpcEnumPrinterDrivers 12 RpcGetPrinterDriverDirectory 29 "
        "RpcClosePrinter 62 RpcRemoteFindFirstPrinterChangeNotification 65 "
        "RpcRemoteFindFirstPrinterChangeNotificationEx 69 RpcOpenPrinterEx 89 RpcAddPrinterDriverEx",
    "winspool":
        "0 RpcAsyncOpenPrinter 20 RpcAsyncClosePrinter 38 RpcAsyncEnumPrinters 39 RpcAsyncAddPrinterDriver 40 "
        "RpcAsyncEnumPrinterDrivers 41 RpcAsyncGetPrinterDriverDirectory",
    "eventlog":
        "0 ElfrClearELFW 1 ElfrBackupELFW 2 ElfrCloseEL 4 ElfrNumberOfRecords 5 ElfrOldestRecord 7 ElfrOpenELW 8 "
        "ElfrRegisterEventSourceW 9 ElfrOpenBELW 10 ElfrReadELW 11 ElfrReportEventW",
    "IEventService":
        "0 EvtRpcRegisterRemoteSubscription 2 EvtRpcRemoteSubscriptionNext 4 EvtRpcRegisterControllableOperation "
        "5 EvtRpcRegisterLogQuery 6 EvtRpcClearLog 7 EvtRpcExportLog 11 EvtRpcQueryNext 12 EvtRpcQuerySeek 13 "
        "EvtRpcClose 17 EvtRpcOpenLogHandle 19 EvtRpcGetChannelList",
    "efsrpc":
        "0 EfsRpcOpenFileRaw 4 EfsRpcEncryptFileSrv 5 EfsRpcDecryptFileSrv 6 EfsRpcQueryUsersOnFile 7 "
        "EfsRpcQueryRecoveryAgents 12 EfsRpcFileKeyInfo 13 EfsRpcDuplicateEncryptionInfoFile 15 "
        "EfsRpcAddUsersToFileEx",
    "netdfs": "12 NetrDfsAddStdRoot 13 NetrDfsRemoveStdRoot",
    "nspi":
        "0 NspiBind 1 NspiUnbind 2 NspiUpdateStat 3 NspiQueryRows 4 NspiSeekEntries 7 NspiDNToMId 8 "
        "NspiGetPropList 9 NspiGetProps 10 NspiCompareMIds 12 NspiGetSpecialTable 13 NspiGetTemplateInfo 14 "
        "NspiModLinkAtt 16 NspiQueryColumns 17 NspiGetNamesFromIDs 18 NspiGetIDsFromNames 19 NspiResolveNames 20 "
        "NspiResolveNamesW",
    "rfr": "0 RfrGetNewDSA 1 RfrGetFQDNFromServerDN",
    "IOXIDResolver": "0 ResolveOxid 1 SimplePing 2 ComplexPing 3 ServerAlive 4 ResolveOxid2 5 ServerAlive2",
    "IRemoteActivation": "0 RemoteActivation",
    "ISystemActivator": "3 RemoteGetClassObject 4 RemoteCreateInstance",
    "IRemUnknown": "3 RemQueryInterface 4 RemAddRef 5 RemRelease",
    "IRemUnknown2": "3 RemQueryInterface 4 RemAddRef 5 RemRelease 6 RemQueryInterface2",
    "IWbemLevel1Login": "3 EstablishPosition 6 NTLMLogin",
    "IWbemServices": "6 GetObject 20 ExecQuery 24 ExecMethod",
    "PNIO-device": "0 Connect 1 Release 2 Read 3 Write 4 Control 5 ReadImplicit",
    "PNIO-controller": "0 Connect 1 Release 2 Read 3 Write 4 Control 5 ReadImplicit",
}
OPERATIONS = {name: dict(zip(map(int, words.split()[::2]), words.split()[1::2], strict=True))
              for name, words in _OPERATIONS.items()}

FAULTS = {
    0x1: "nca_s_fault_other", 0x5: "nca_s_fault_access_denied", 0x6d8: "nca_s_fault_cant_perform",
    0x6f7: "nca_s_fault_ndr", 0x721: "nca_s_fault_sec_pkg_error", 0x1c000001: "nca_s_fault_int_div_by_zero",
    0x1c000002: "nca_s_fault_addr_error", 0x1c000003: "nca_s_fault_fp_div_zero",
    0x1c000004: "nca_s_fault_fp_underflow", 0x1c000005: "nca_s_fault_fp_overflow",
    0x1c000006: "nca_s_fault_invalid_tag", 0x1c000007: "nca_s_fault_invalid_bound",
    0x1c000008: "nca_rpc_version_mismatch", 0x1c000009: "nca_unspec_reject", 0x1c00000a: "nca_s_bad_actid",
    0x1c00000b: "nca_who_are_you_failed", 0x1c00000c: "nca_manager_not_entered", 0x1c00000d: "nca_s_fault_cancel",
    0x1c00000e: "nca_s_fault_ill_inst", 0x1c00000f: "nca_s_fault_fp_error", 0x1c000010: "nca_s_fault_int_overflow",
    0x1c000014: "nca_s_fault_pipe_empty", 0x1c000015: "nca_s_fault_pipe_closed", 0x1c000016: "nca_s_fault_pipe_order",
    0x1c000017: "nca_s_fault_pipe_discipline", 0x1c000018: "nca_s_fault_pipe_comm_error",
    0x1c000019: "nca_s_fault_pipe_memory", 0x1c00001a: "nca_s_fault_context_mismatch",
    0x1c00001b: "nca_s_fault_remote_no_memory", 0x1c00001c: "nca_invalid_pres_context_id",
    0x1c00001d: "nca_unsupported_authn_level", 0x1c00001f: "nca_invalid_checksum", 0x1c000020: "nca_invalid_crc",
    0x1c000021: "nca_s_fault_user_defined", 0x1c000022: "nca_s_fault_tx_open_failed",
    0x1c000023: "nca_s_fault_codeset_conv_error", 0x1c000024: "nca_s_fault_object_not_found",
    0x1c000025: "nca_s_fault_no_client_stub", 0x1c010002: "nca_op_rng_error", 0x1c010003: "nca_unk_if",
    0x1c010006: "nca_wrong_boot_time", 0x1c010009: "nca_s_you_crashed", 0x1c01000b: "nca_proto_error",
    0x1c010013: "nca_out_args_too_big", 0x1c010014: "nca_server_too_busy", 0x1c010017: "nca_unsupported_type",
}
