// The CloudFormation template without what is particular to a service: JSON, whose @WORDS@ are
// replaced before it is read (stack.cc). Property names and types are those of
// https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/.
#pragma once

#include <string_view>

namespace outrigger::delivery {

// What every stack has: the log group, the topic of its alarms, the count of errors in the log.
inline constexpr std::string_view kCommonText = R"json({
"AWSTemplateFormatVersion": "2010-09-09",
"Description": "@ABOUT@",
"Parameters": {
  "Environment": {"Type": "String", "Default": "production", "AllowedPattern": "[A-Za-z0-9][A-Za-z0-9_.-]{0,62}", "Description": "Its name; dev, qa, uat, test, stg and staging are of the kind staging"},
  "LogRetentionDays": {"Type": "Number", "Default": 30, "AllowedValues": [1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1827, 3653], "Description": "For so long log entries are kept"},
  "AlarmEmail": {"Type": "String", "Default": "", "Description": "Address that alarms are sent to; empty: nobody, subscribe to the topic AlarmTopic yourself"}
},
"Rules": {},
"Conditions": {
  "HasAlarmEmail": {"Fn::Not": [{"Fn::Equals": [{"Ref": "AlarmEmail"}, ""]}]}
},
"Resources": {
  "LogGroup": {"Type": "AWS::Logs::LogGroup", "DeletionPolicy": "Retain", "UpdateReplacePolicy": "Retain", "Properties": {
    "LogGroupName": {"Fn::Sub": "/outrigger/@NAME@/${Environment}"}, "RetentionInDays": {"Ref": "LogRetentionDays"}}},
  "AlarmTopic": {"Type": "AWS::SNS::Topic", "Properties": {"DisplayName": "Alarms of @NAME@"}},
  "AlarmSubscription": {"Type": "AWS::SNS::Subscription", "Condition": "HasAlarmEmail", "Properties": {
    "TopicArn": {"Ref": "AlarmTopic"}, "Protocol": "email", "Endpoint": {"Ref": "AlarmEmail"}}},
  "ErrorFilter": {"Type": "AWS::Logs::MetricFilter", "Properties": {
    "LogGroupName": {"Ref": "LogGroup"}, "FilterPattern": "{ ($.level = \"ERROR\") || ($.level = \"FATAL\") }",
    "MetricTransformations": [{"MetricNamespace": "@NAME@", "MetricName": {"Fn::Sub": "ErrorsInLog-${Environment}"}, "MetricValue": "1", "DefaultValue": 0, "Unit": "Count"}]}},
  "AlarmErrorsInLog": {"Type": "AWS::CloudWatch::Alarm", "Properties": {
    "AlarmName": {"Fn::Sub": "${AWS::StackName}-ErrorsInLog"}, "AlarmDescription": "The service logged errors; the log group has them.",
    "Namespace": "@NAME@", "MetricName": {"Fn::Sub": "ErrorsInLog-${Environment}"}, "Statistic": "Sum", "Period": 300, "EvaluationPeriods": 1,
    "Threshold": 0, "ComparisonOperator": "GreaterThanThreshold", "TreatMissingData": "notBreaching",
    "AlarmActions": [{"Ref": "AlarmTopic"}], "OKActions": [{"Ref": "AlarmTopic"}]}}
},
"Outputs": {
  "Environment": {"Value": {"Ref": "Environment"}, "Description": "Read by the service"},
  "@LOG_GROUP_OUTPUT@": {"Value": {"Ref": "LogGroup"}, "Description": "Read by the service: where its log goes"},
  "AlarmTopicArn": {"Value": {"Ref": "AlarmTopic"}, "Description": "Where alarms are published"}
}})json";

// Where the service names a bucket for its heap profiles.
inline constexpr std::string_view kProfilesText = R"json({
"Resources": {
  "ProfilesBucket": {"Type": "AWS::S3::Bucket", "DeletionPolicy": "Retain", "UpdateReplacePolicy": "Retain", "Properties": {
    "PublicAccessBlockConfiguration": {"BlockPublicAcls": true, "BlockPublicPolicy": true, "IgnorePublicAcls": true, "RestrictPublicBuckets": true},
    "LifecycleConfiguration": {"Rules": [{"Id": "Profiles", "Status": "Enabled", "ExpirationInDays": {"Ref": "LogRetentionDays"}}]}}}
},
"Outputs": {
  "@PROFILES_BUCKET_OUTPUT@": {"Value": {"Ref": "ProfilesBucket"}, "Description": "Read by the service: where its heap profiles go"}
}})json";

// Instances. Every parameter has a default: without any, it runs in the account's default VPC.
inline constexpr std::string_view kInstancesText = R"json({
"Parameters": {
  "ServiceVersion": {"Type": "String", "Default": "@VERSION@", "Description": "The version that runs, as push has uploaded it"},
  "FileSha256": {"Type": "String", "Default": "@SHA256@", "AllowedPattern": "[0-9a-f]{64}", "Description": "SHA-256 of the file of that version; no other one is run"},
  "Bucket": {"Type": "String", "Default": "", "Description": "S3 bucket that push uploads to; empty: outrigger-ACCOUNT-REGION"},
  "InstanceType": {"Type": "String", "Default": "@INSTANCE_TYPE@", "Description": "Type of the instances, of the architecture @ARCHITECTURE@"},
  "ImageId": {"Type": "AWS::SSM::Parameter::Value<AWS::EC2::Image::Id>", "Default": "@IMAGE_PARAMETER@", "Description": "Parameter that names the image: any Linux with systemd, cloud-init, curl and openssl"},
  "VpcId": {"Type": "String", "Default": "", "Description": "VPC of the instances; empty: the account's default VPC"},
  "SubnetIds": {"Type": "CommaDelimitedList", "Default": "", "Description": "Subnets of the instances, of that VPC; empty: the default VPC's own"},
  "MinInstances": {"Type": "Number", "Default": 1, "MinValue": 1, "Description": "As many serve at least, also while a version replaces another"},
  "MaxInstances": {"Type": "Number", "Default": 3, "MinValue": 2, "Description": "At most so many; more than MinInstances, so that a new one can come before an old one goes"},
  "HealthCheck": {"Type": "String", "Default": "EC2", "AllowedValues": ["EC2", "ELB"], "Description": "What replaces an instance: EC2, its machine fails; ELB, also its service is not ready, which a failing database may cause everywhere at once"},
  "MaxInstanceSeconds": {"Type": "Number", "Default": 0, "MinValue": 0, "MaxValue": 31536000, "Description": "Instances older than that are replaced by fresh ones: 86400 (a day) or more; 0: never"},
  "ServiceFrom": {"Type": "String", "Default": "10.0.0.0/8", "Description": "Addresses (CIDR) that may reach the service"},
  "AdminFrom": {"Type": "String", "Default": "", "Description": "Addresses (CIDR) that may reach the admin port; empty: none"}
},
"Conditions": {
  "HasBucket": {"Fn::Not": [{"Fn::Equals": [{"Ref": "Bucket"}, ""]}]},
  "HasVpc": {"Fn::Not": [{"Fn::Equals": [{"Ref": "VpcId"}, ""]}]},
  "HasSubnets": {"Fn::Not": [{"Fn::Equals": [{"Fn::Join": ["", {"Ref": "SubnetIds"}]}, ""]}]},
  "HasMaxAge": {"Fn::Not": [{"Fn::Equals": [{"Ref": "MaxInstanceSeconds"}, 0]}]},
  "HasAdminFrom": {"Fn::Not": [{"Fn::Equals": [{"Ref": "AdminFrom"}, ""]}]}
},
"Resources": {
  "Role": {"Type": "AWS::IAM::Role", "Properties": {
    "AssumeRolePolicyDocument": {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "sts:AssumeRole",
      "Principal": {"Service": {"Fn::Sub": "ec2.${AWS::URLSuffix}"}}}]},
    "Policies": [
      {"PolicyName": "service"},
      {"PolicyName": "boot", "PolicyDocument": {"Version": "2012-10-17", "Statement": [
        {"Sid": "File", "Effect": "Allow", "Action": "s3:GetObject", "Resource": {"Fn::Sub": ["arn:${AWS::Partition}:s3:::${Name}/@NAME@/*",
          {"Name": {"Fn::If": ["HasBucket", {"Ref": "Bucket"}, {"Fn::Sub": "outrigger-${AWS::AccountId}-${AWS::Region}"}]}}]}},
        {"Sid": "Signal", "Effect": "Allow", "Action": "cloudformation:SignalResource", "Resource": {"Fn::Sub": "arn:${AWS::Partition}:cloudformation:${AWS::Region}:${AWS::AccountId}:stack/${AWS::StackName}/*"}}]}}]}},
  "InstanceProfile": {"Type": "AWS::IAM::InstanceProfile", "Properties": {"Roles": [{"Ref": "Role"}]}},
  "SecurityGroup": {"Type": "AWS::EC2::SecurityGroup", "Properties": {
    "GroupDescription": "The instances of @NAME@", "VpcId": {"Fn::If": ["HasVpc", {"Ref": "VpcId"}, {"Ref": "AWS::NoValue"}]}}},
  "AdminIngress": {"Type": "AWS::EC2::SecurityGroupIngress", "Condition": "HasAdminFrom", "Properties": {
    "GroupId": {"Fn::GetAtt": ["SecurityGroup", "GroupId"]}, "IpProtocol": "tcp", "FromPort": @ADMIN_PORT@, "ToPort": @ADMIN_PORT@, "CidrIp": {"Ref": "AdminFrom"}, "Description": "The admin port"}},
  "LaunchTemplate": {"Type": "AWS::EC2::LaunchTemplate", "Properties": {"LaunchTemplateData": {
    "ImageId": {"Ref": "ImageId"},
    "InstanceType": {"Ref": "InstanceType"},
    "IamInstanceProfile": {"Arn": {"Fn::GetAtt": ["InstanceProfile", "Arn"]}},
    "SecurityGroupIds": [{"Fn::GetAtt": ["SecurityGroup", "GroupId"]}],
    "MetadataOptions": {"HttpTokens": "required", "HttpPutResponseHopLimit": 1, "InstanceMetadataTags": "enabled"}}}},
  "AutoScalingGroup": {"Type": "AWS::AutoScaling::AutoScalingGroup",
    "DependsOn": ["LogGroup"],
    "CreationPolicy": {"ResourceSignal": {"Count": {"Ref": "MinInstances"}, "Timeout": "PT15M"}},
    "UpdatePolicy": {"AutoScalingRollingUpdate": {"MinInstancesInService": {"Ref": "MinInstances"}, "MaxBatchSize": 1,
      "WaitOnResourceSignals": true, "PauseTime": "PT15M",
      "SuspendProcesses": ["AlarmNotification", "AZRebalance", "ReplaceUnhealthy", "ScheduledActions"]},
      "AutoScalingScheduledAction": {"IgnoreUnmodifiedGroupSizeProperties": true}},
    "Properties": {
      "MinSize": {"Ref": "MinInstances"}, "MaxSize": {"Ref": "MaxInstances"},
      "VPCZoneIdentifier": {"Fn::If": ["HasSubnets", {"Ref": "SubnetIds"}, {"Ref": "AWS::NoValue"}]},
      "AvailabilityZones": {"Fn::If": ["HasSubnets", {"Ref": "AWS::NoValue"}, {"Fn::GetAZs": {"Ref": "AWS::Region"}}]},
      "HealthCheckType": {"Ref": "HealthCheck"}, "HealthCheckGracePeriod": 300,
      "MaxInstanceLifetime": {"Fn::If": ["HasMaxAge", {"Ref": "MaxInstanceSeconds"}, {"Ref": "AWS::NoValue"}]},
      "LaunchTemplate": {"LaunchTemplateId": {"Ref": "LaunchTemplate"}, "Version": {"Fn::GetAtt": ["LaunchTemplate", "LatestVersionNumber"]}},
      "Tags": [{"Key": "Name", "Value": {"Fn::Sub": "@NAME@ ${Environment}"}, "PropagateAtLaunch": true}]}}
},
"Outputs": {
  "ServiceVersion": {"Value": {"Ref": "ServiceVersion"}, "Description": "What runs"},
  "AutoScalingGroupName": {"Value": {"Ref": "AutoScalingGroup"}, "Description": "For aws autoscaling start-instance-refresh"}
}})json";

// Added where the service has a port: who reaches it, and the load balancer.
inline constexpr std::string_view kPortText = R"json({
"Parameters": {
  "LoadBalancer": {"Type": "String", "Default": "no", "AllowedValues": ["no", "yes"], "Description": "A load balancer before the instances; it needs VpcId and two subnets or more"},
  "CertificateArn": {"Type": "String", "Default": "", "Description": "Certificate of the load balancer; empty: it speaks HTTP"}
},
"Rules": {
  "LoadBalancerHasNetwork": {"RuleCondition": {"Fn::Equals": [{"Ref": "LoadBalancer"}, "yes"]}, "Assertions": [
    {"Assert": {"Fn::Not": [{"Fn::Equals": [{"Ref": "VpcId"}, ""]}]}, "AssertDescription": "A load balancer needs VpcId and SubnetIds"}]}
},
"Conditions": {
  "HasLoadBalancer": {"Fn::And": [{"Fn::Equals": [{"Ref": "LoadBalancer"}, "yes"]}, {"Condition": "HasVpc"}, {"Condition": "HasSubnets"}]},
  "HasCertificate": {"Fn::Not": [{"Fn::Equals": [{"Ref": "CertificateArn"}, ""]}]}
},
"Resources": {
  "ServiceIngress": {"Type": "AWS::EC2::SecurityGroupIngress", "Properties": {
    "GroupId": {"Fn::GetAtt": ["SecurityGroup", "GroupId"]}, "IpProtocol": "tcp", "FromPort": @PORT@, "ToPort": @PORT@, "CidrIp": {"Ref": "ServiceFrom"}, "Description": "The service"}},
  "LoadBalancerSecurityGroup": {"Type": "AWS::EC2::SecurityGroup", "Condition": "HasLoadBalancer", "Properties": {
    "GroupDescription": "The load balancer of @NAME@", "VpcId": {"Ref": "VpcId"}, "SecurityGroupIngress": [
      {"IpProtocol": "tcp", "FromPort": {"Fn::If": ["HasCertificate", 443, 80]}, "ToPort": {"Fn::If": ["HasCertificate", 443, 80]}, "CidrIp": {"Ref": "ServiceFrom"}}]}},
  "LoadBalancerIngress": {"Type": "AWS::EC2::SecurityGroupIngress", "Condition": "HasLoadBalancer", "Properties": {
    "GroupId": {"Fn::GetAtt": ["SecurityGroup", "GroupId"]}, "IpProtocol": "tcp", "FromPort": @PORT@, "ToPort": @PORT@,
    "SourceSecurityGroupId": {"Fn::GetAtt": ["LoadBalancerSecurityGroup", "GroupId"]}, "Description": "The load balancer's requests"}},
  "ReadinessIngress": {"Type": "AWS::EC2::SecurityGroupIngress", "Condition": "HasLoadBalancer", "Properties": {
    "GroupId": {"Fn::GetAtt": ["SecurityGroup", "GroupId"]}, "IpProtocol": "tcp", "FromPort": @ADMIN_PORT@, "ToPort": @ADMIN_PORT@,
    "SourceSecurityGroupId": {"Fn::GetAtt": ["LoadBalancerSecurityGroup", "GroupId"]}, "Description": "The load balancer's questions at /readyz"}},
  "Balancer": {"Type": "AWS::ElasticLoadBalancingV2::LoadBalancer", "Condition": "HasLoadBalancer", "Properties": {
    "Subnets": {"Ref": "SubnetIds"}, "SecurityGroups": [{"Fn::GetAtt": ["LoadBalancerSecurityGroup", "GroupId"]}]}},
  "TargetGroup": {"Type": "AWS::ElasticLoadBalancingV2::TargetGroup", "Condition": "HasLoadBalancer", "Properties": {
    "VpcId": {"Ref": "VpcId"}, "Protocol": "HTTP", "Port": @PORT@,
    "HealthCheckPath": "/readyz", "HealthCheckPort": "@ADMIN_PORT@", "HealthCheckIntervalSeconds": 5, "HealthCheckTimeoutSeconds": 4,
    "HealthyThresholdCount": 2, "UnhealthyThresholdCount": 2,
    "TargetGroupAttributes": [{"Key": "deregistration_delay.timeout_seconds", "Value": "@STOP_SECONDS@"}]}},
  "Listener": {"Type": "AWS::ElasticLoadBalancingV2::Listener", "Condition": "HasLoadBalancer", "Properties": {
    "LoadBalancerArn": {"Ref": "Balancer"}, "Port": {"Fn::If": ["HasCertificate", 443, 80]}, "Protocol": {"Fn::If": ["HasCertificate", "HTTPS", "HTTP"]},
    "Certificates": {"Fn::If": ["HasCertificate", [{"CertificateArn": {"Ref": "CertificateArn"}}], {"Ref": "AWS::NoValue"}]},
    "DefaultActions": [{"Type": "forward", "TargetGroupArn": {"Ref": "TargetGroup"}}]}}
},
"Outputs": {
  "LoadBalancerAddress": {"Condition": "HasLoadBalancer", "Value": {"Fn::GetAtt": ["Balancer", "DNSName"]}, "Description": "Where callers find the service"}
}})json";

// Tasks on Fargate. The file has no shell beside it: it is its own health check.
inline constexpr std::string_view kTasksText = R"json({
"Parameters": {
  "Image": {"Type": "String", "Default": "@IMAGE@", "Description": "The container image; empty: @NAME@:@TAG@ in the account's own registry (ECR)"},
  "Cluster": {"Type": "String", "Default": "default", "Description": "ECS cluster"},
  "VpcId": {"Type": "AWS::EC2::VPC::Id", "Description": "VPC of the tasks"},
  "SubnetIds": {"Type": "List<AWS::EC2::Subnet::Id>", "Description": "Subnets of the tasks, of that VPC"},
  "PublicAddress": {"Type": "String", "Default": "DISABLED", "AllowedValues": ["DISABLED", "ENABLED"], "Description": "Whether tasks have one; without, the subnets need a way to the image and to AWS"},
  "Tasks": {"Type": "Number", "Default": 2, "MinValue": 1, "Description": "How many serve"},
  "Cpu": {"Type": "Number", "Default": 256, "AllowedValues": [256, 512, 1024, 2048, 4096], "Description": "Of a task; 1024 are a processor"},
  "Memory": {"Type": "Number", "Default": 512, "MinValue": 512, "Description": "Of a task, in MiB"},
  "ServiceFrom": {"Type": "String", "Default": "10.0.0.0/8", "Description": "Addresses (CIDR) that may reach the service"},
  "AdminFrom": {"Type": "String", "Default": "", "Description": "Addresses (CIDR) that may reach the admin port; empty: none"}
},
"Conditions": {
  "HasImage": {"Fn::Not": [{"Fn::Equals": [{"Ref": "Image"}, ""]}]},
  "HasAdminFrom": {"Fn::Not": [{"Fn::Equals": [{"Ref": "AdminFrom"}, ""]}]}
},
"Resources": {
  "TaskRole": {"Type": "AWS::IAM::Role", "Properties": {
    "AssumeRolePolicyDocument": {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"Service": "ecs-tasks.amazonaws.com"}}]},
    "Policies": [{"PolicyName": "service"}]}},
  "ExecutionRole": {"Type": "AWS::IAM::Role", "Properties": {
    "AssumeRolePolicyDocument": {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"Service": "ecs-tasks.amazonaws.com"}}]},
    "ManagedPolicyArns": [{"Fn::Sub": "arn:${AWS::Partition}:iam::aws:policy/service-role/AmazonECSTaskExecutionRolePolicy"}]}},
  "SecurityGroup": {"Type": "AWS::EC2::SecurityGroup", "Properties": {"GroupDescription": "The tasks of @NAME@", "VpcId": {"Ref": "VpcId"}}},
  "AdminIngress": {"Type": "AWS::EC2::SecurityGroupIngress", "Condition": "HasAdminFrom", "Properties": {
    "GroupId": {"Fn::GetAtt": ["SecurityGroup", "GroupId"]}, "IpProtocol": "tcp", "FromPort": @ADMIN_PORT@, "ToPort": @ADMIN_PORT@, "CidrIp": {"Ref": "AdminFrom"}, "Description": "The admin port"}},
  "TaskDefinition": {"Type": "AWS::ECS::TaskDefinition", "Properties": {
    "Family": "@NAME@", "NetworkMode": "awsvpc", "RequiresCompatibilities": ["FARGATE"],
    "RuntimePlatform": {"CpuArchitecture": "@ECS_ARCHITECTURE@", "OperatingSystemFamily": "LINUX"},
    "Cpu": {"Ref": "Cpu"}, "Memory": {"Ref": "Memory"},
    "TaskRoleArn": {"Fn::GetAtt": ["TaskRole", "Arn"]}, "ExecutionRoleArn": {"Fn::GetAtt": ["ExecutionRole", "Arn"]},
    "ContainerDefinitions": [{
      "Name": "@NAME@",
      "Image": {"Fn::If": ["HasImage", {"Ref": "Image"}, {"Fn::Sub": "${AWS::AccountId}.dkr.ecr.${AWS::Region}.${AWS::URLSuffix}/@NAME@:@TAG@"}]},
      "Essential": true, "ReadonlyRootFilesystem": true, "User": "65532:65532",
      "LinuxParameters": {"Capabilities": {"Drop": ["ALL"]}},
      "StopTimeout": @GRACE_SECONDS@,
      "HealthCheck": {"Command": ["CMD", "/@NAME@", "health"], "Interval": 10, "Timeout": 5, "Retries": 3, "StartPeriod": 60},
      "LogConfiguration": {"LogDriver": "awslogs", "Options": {"awslogs-group": {"Ref": "LogGroup"}, "awslogs-region": {"Ref": "AWS::Region"}, "awslogs-stream-prefix": "container"}}
    }]}},
  "Service": {"Type": "AWS::ECS::Service", "Properties": {
    "Cluster": {"Ref": "Cluster"}, "TaskDefinition": {"Ref": "TaskDefinition"}, "LaunchType": "FARGATE", "DesiredCount": {"Ref": "Tasks"},
    "DeploymentConfiguration": {"MinimumHealthyPercent": 100, "MaximumPercent": 200, "DeploymentCircuitBreaker": {"Enable": true, "Rollback": true}},
    "NetworkConfiguration": {"AwsvpcConfiguration": {"AssignPublicIp": {"Ref": "PublicAddress"}, "SecurityGroups": [{"Fn::GetAtt": ["SecurityGroup", "GroupId"]}], "Subnets": {"Ref": "SubnetIds"}}}}}
},
"Outputs": {
  "ServiceName": {"Value": {"Fn::GetAtt": ["Service", "Name"]}, "Description": "In its cluster"}
}})json";

// Who reaches the port of the tasks.
inline constexpr std::string_view kTasksPortText = R"json({
"Resources": {
  "ServiceIngress": {"Type": "AWS::EC2::SecurityGroupIngress", "Properties": {
    "GroupId": {"Fn::GetAtt": ["SecurityGroup", "GroupId"]}, "IpProtocol": "tcp", "FromPort": @PORT@, "ToPort": @PORT@, "CidrIp": {"Ref": "ServiceFrom"}, "Description": "The service"}}
}})json";

// https://kubernetes.io/docs/reference/kubernetes-api/workload-resources/deployment-v1/
inline constexpr std::string_view kDeploymentText = R"json({
"apiVersion": "apps/v1", "kind": "Deployment",
"metadata": {"name": "@NAME@", "labels": {"app.kubernetes.io/name": "@NAME@", "app.kubernetes.io/version": "@TAG@"}},
"spec": {
  "replicas": 2,
  "selector": {"matchLabels": {"app.kubernetes.io/name": "@NAME@"}},
  "strategy": {"type": "RollingUpdate", "rollingUpdate": {"maxSurge": 1, "maxUnavailable": 0}},
  "template": {
    "metadata": {"labels": {"app.kubernetes.io/name": "@NAME@", "app.kubernetes.io/version": "@TAG@"}},
    "spec": {
      "terminationGracePeriodSeconds": @GRACE_SECONDS@,
      "automountServiceAccountToken": false,
      "securityContext": {"runAsNonRoot": true, "runAsUser": 65532, "runAsGroup": 65532, "seccompProfile": {"type": "RuntimeDefault"}},
      "containers": [{
        "name": "@NAME@", "image": "@IMAGE@",
        "ports": [{"name": "admin", "containerPort": @ADMIN_PORT@}],
        "livenessProbe": {"httpGet": {"path": "/livez", "port": "admin"}, "periodSeconds": 10, "timeoutSeconds": 5, "failureThreshold": 3},
        "readinessProbe": {"httpGet": {"path": "/readyz", "port": "admin"}, "periodSeconds": 2, "timeoutSeconds": 2, "failureThreshold": 1},
        "resources": {"requests": {"cpu": "100m", "memory": "128Mi"}, "limits": {"memory": "256Mi"}},
        "securityContext": {"allowPrivilegeEscalation": false, "readOnlyRootFilesystem": true, "capabilities": {"drop": ["ALL"]}}
      }]}}}})json";

inline constexpr std::string_view kServiceText = R"json({
"apiVersion": "v1", "kind": "Service",
"metadata": {"name": "@NAME@", "labels": {"app.kubernetes.io/name": "@NAME@"}},
"spec": {"selector": {"app.kubernetes.io/name": "@NAME@"}, "ports": [{"name": "http", "port": 80, "targetPort": "http"}]}})json";

}  // namespace outrigger::delivery
