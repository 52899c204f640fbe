"""Actions without resource-level permissions: policies must allow them on `*`.

These are the actions that list no resource type in AWS's service authorization reference:
https://docs.aws.amazon.com/service-authorization/latest/reference/reference_policies_actions-resources-contextkeys.html
"""

from pipeline_emulator.iam.requests.call import Call, Check, Checks
from pipeline_emulator.iam.ternary import Undetermined


def wildcard_check(service: str, call: Call) -> Checks:
    """Return the check on `*`; undetermined if AWS would check a resource that the emulator cannot identify."""
    if call.operation in _WILDCARD_ONLY[service]:
        return [Check(f"{service}:{call.operation}", "*", tags=call.tags("tags", "Tags"))]
    return Undetermined(f"this emulator cannot tell which resource {service}:{call.operation} is about")


def is_wildcard_only(service: str, call: Call) -> bool:
    """Return whether an operation is checked on `*`, whatever its parameters are."""
    return call.operation in _WILDCARD_ONLY[service]


_WILDCARD_ONLY = {
    service: frozenset(names.split())
    for service, names in {
        "cloudwatch": """
            CreateResourceMetricsConfiguration DeleteAnomalyDetector DeleteResourceMetricsConfiguration
            DescribeAlarmsForMetric DescribeAnomalyDetectors DescribeInsightRules GetMetricData
            GetMetricStatistics GetMetricWidgetImage GetOTelEnrichment GetResourceMetricsConfiguration
            ListDashboards ListManagedInsightRules ListMetricStreams ListMetrics PutAnomalyDetector
            PutManagedInsightRules PutMetricData StartOTelEnrichment StopOTelEnrichment
            UpdateOTelEnrichment UpdateResourceMetricsConfiguration
        """,
        "ecr": """
            CreatePullThroughCacheRule CreateRepositoryCreationTemplate DeletePullThroughCacheRule
            DeleteRegistryPolicy DeleteRepositoryCreationTemplate DeleteSigningConfiguration
            DeregisterPullTimeUpdateExclusion DescribePullThroughCacheRules DescribeRegistry
            DescribeReplicationBackfillResults DescribeRepositoryCreationTemplates GetAccountSetting
            GetAuthorizationToken GetRegistryPolicy GetRegistryScanningConfiguration
            GetSigningConfiguration ListPullTimeUpdateExclusions ListReplicationBackfills PutAccountSetting
            PutRegistryPolicy PutRegistryScanningConfiguration PutReplicationConfiguration
            PutSigningConfiguration RegisterPullTimeUpdateExclusion StartReplicationBackfill
            StopReplicationBackfill UpdatePullThroughCacheRule UpdateRepositoryCreationTemplate
            ValidatePullThroughCacheRule
        """,
        "iam": """
            CreateAccountAlias DeleteAccountAlias DeleteAccountPasswordPolicy
            DisableOrganizationsRootCredentialsManagement DisableOrganizationsRootSessions
            DisableOutboundWebIdentityFederation EnableOrganizationsRootCredentialsManagement
            EnableOrganizationsRootSessions EnableOutboundWebIdentityFederation GenerateCredentialReport
            GetAccountAuthorizationDetails GetAccountPasswordPolicy GetAccountProperties GetAccountSummary
            GetContextKeysForCustomPolicy GetCredentialReport GetOrganizationsAccessReport
            GetOutboundWebIdentityFederationInfo GetServiceLastAccessedDetails
            GetServiceLastAccessedDetailsWithEntities ListAccountAliases ListDelegationRequests ListGroups
            ListInstanceProfiles ListOpenIDConnectProviders ListOrganizationsFeatures ListPolicies
            ListRoles ListSAMLProviders ListServerCertificates ListUsers ListVirtualMFADevices
            PutAccountProperties SetSecurityTokenServicePreferences SimulateCustomPolicy
            UpdateAccountPasswordPolicy
        """,
        "kinesis": """
            DescribeAccountSettings DescribeLimits ListStreams UpdateAccountSettings
        """,
        "kms": """
            ConnectCustomKeyStore CreateCustomKeyStore CreateKey DeleteCustomKeyStore
            DescribeCustomKeyStores DisconnectCustomKeyStore GenerateRandom ListAliases ListKeys
            ListRetirableGrants UpdateCustomKeyStore
        """,
        "lambda": """
            CreateCodeSigningConfig CreateEventSourceMapping GetAccountSettings ListCapacityProviders
            ListCodeSigningConfigs ListEventSourceMappings ListFunctions ListLayerVersions ListLayers
        """,
        "logs": """
            AssociateSourceToS3TableIntegration CancelExportTask CancelImportTask CreateImportTask
            DeleteAccountPolicy DeleteIndexPolicy DeleteIntegration DeleteQueryDefinition
            DeleteResourcePolicy DescribeAccountPolicies DescribeConfigurationTemplates DescribeDeliveries
            DescribeDeliveryDestinations DescribeDeliverySources DescribeDestinations DescribeExportTasks
            DescribeFieldIndexes DescribeImportTaskBatches DescribeImportTasks DescribeIndexPolicies
            DescribeLookupTables DescribeQueries DescribeQueryDefinitions DescribeResourcePolicies
            DisassociateSourceFromS3TableIntegration GetIntegration GetLogFields GetStorageTierPolicy
            ListAggregateLogGroupSummaries ListIntegrations ListLogGroups ListLogGroupsForQuery
            ListScheduledQueries ListSourcesForS3TableIntegration ListSyslogConfigurations PutAccountPolicy
            PutIndexPolicy PutIntegration PutQueryDefinition PutResourcePolicy PutStorageTierPolicy
            StopQuery TestMetricFilter TestTransformer
        """,
        "sns": """
            CheckIfPhoneNumberIsOptedOut CreatePlatformApplication CreatePlatformEndpoint CreateSMSSandboxPhoneNumber
            DeleteEndpoint DeletePlatformApplication DeleteSMSSandboxPhoneNumber GetEndpointAttributes
            GetPlatformApplicationAttributes GetSMSAttributes GetSMSSandboxAccountStatus
            ListEndpointsByPlatformApplication ListOriginationNumbers ListPhoneNumbersOptedOut
            ListPlatformApplications ListSMSSandboxPhoneNumbers ListSubscriptions ListTopics OptInPhoneNumber
            SetEndpointAttributes SetPlatformApplicationAttributes SetSMSAttributes VerifySMSSandboxPhoneNumber
        """,
        "sqs": """
            ListQueues
        """,
        "sts": """
            DecodeAuthorizationMessage GetAccessKeyInfo GetDelegatedAccessToken GetWebIdentityToken
        """,
        "xray": """
            BatchGetTraces CancelTraceRetrieval DeleteResourcePolicy GetEncryptionConfig GetGroups
            GetIndexingRules GetInsight GetInsightEvents GetInsightImpactGraph GetInsightSummaries
            GetRetrievedTracesGraph GetSamplingRules GetSamplingStatisticSummaries GetSamplingTargets
            GetServiceGraph GetTimeSeriesServiceStatistics GetTraceGraph GetTraceSegmentDestination
            GetTraceSummaries ListResourcePolicies ListRetrievedTraces PutEncryptionConfig
            PutResourcePolicy PutTelemetryRecords PutTraceSegments StartTraceRetrieval UpdateIndexingRule
            UpdateTraceSegmentDestination
        """,
    }.items()
}
